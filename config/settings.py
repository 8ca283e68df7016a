"""Django's settings. What an operator may change comes from the environment (docs/configuration.md)."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from config import backends, environment
from config.api.groups import GROUPS

BASE_DIR = environment.BASE_DIR
DATA_DIR = environment.data_dir()
environment.load_env_file(DATA_DIR)
VERSION = "0.1.0"

SECRET_KEY = environment.secret_key(DATA_DIR)
DEBUG = environment.flag("OUTLAY_DEBUG", default=False)
HOST = environment.text("OUTLAY_HOST", "127.0.0.1")
PORT = environment.port("OUTLAY_PORT", 8000)
ALLOWED_HOSTS = environment.items("OUTLAY_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
REGISTRATION_OPEN = environment.flag("OUTLAY_REGISTRATION_OPEN", default=True)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.staticfiles",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "django_tasks",
    "django_tasks_db",
    "django_prometheus",
    "config",
    "accounts",
    "providers",
    "expenses",
    "rules",
    "insights",
    "statements",
]

MIDDLEWARE = [
    "config.api.request_log.RequestIdMiddleware",  # first: each answer has an id, also a refusal of the others
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "config.api.middleware.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
    "config.api.middleware.PatternBudgetMiddleware",
    "config.api.middleware.IdempotencyMiddleware",  # last: it opens the transaction that the view works in
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

DATABASES = {"default": backends.database(DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": backends.cache()}
TASKS = backends.tasks()
RQ_QUEUES = backends.task_queues()
RQ = {"QUEUE_CLASS": "config.redis.tasks.Queue"}
if RQ_QUEUES:
    INSTALLED_APPS.append("django_rq")
WEB_WORKERS = environment.number("OUTLAY_WEB_WORKERS", 1, least=1)
TASK_WORKERS = environment.number("OUTLAY_TASK_WORKERS", 1, least=1)

AUTH_USER_MODEL = "accounts.User"
KNOX_TOKEN_MODEL = "accounts.Token"  # noqa: S105 - a name, not a secret
MIGRATION_MODULES: dict[str, str | None] = {"knox": None}  # our own model replaces their table
#: An admin may read another user's ledger. Only its members ever write in it.
ADMIN_SEES_ALL = environment.flag("OUTLAY_ADMIN_SEES_ALL", default=False)
AUTHENTICATION_BACKENDS = ["accounts.access.UsernameOrEmailBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
#: Functions that delete the rows and files of a user, app by app.
ACCOUNT_ERASERS = [
    "statements.services.delete_account.erase",
    "rules.hooks.erase",
    "expenses.services.delete_account.erase",
]
#: Functions that follow a change of a user's preferences, app by app.
PREFERENCE_FOLLOWERS = ["expenses.services.preferences.stamp_preferences"]
#: Wrong passwords for one login, and from one address, until no more are checked for some minutes.
LOCKOUT_AFTER = environment.number("OUTLAY_LOCKOUT_AFTER", 10, least=1)
LOCKOUT_ADDRESS_AFTER = environment.number("OUTLAY_LOCKOUT_ADDRESS_AFTER", 100, least=1)
LOCKOUT_MINUTES = environment.number("OUTLAY_LOCKOUT_MINUTES", 15, least=1)
REST_KNOX = {
    "TOKEN_TTL": timedelta(days=environment.number("OUTLAY_TOKEN_DAYS", 30, least=1)),
    "AUTO_REFRESH": True,
    "MIN_REFRESH_INTERVAL": 86_400,
}

LANGUAGE_CODE = "en"
#: What Django and its packages say to a client, in our words; `make sentences` compiles it.
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # so that a new instance needs no collectstatic
MEDIA_ROOT = DATA_DIR / "files"
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
IMPORT_MAX_BYTES = environment.number("OUTLAY_IMPORT_MAX_MB", 20, least=1) * 1024 * 1024
IMPORT_MAX_ROWS = environment.number("OUTLAY_IMPORT_MAX_ROWS", 200_000, least=1)
#: The worker backs up the instance so often, if at all, and keeps so many archives.
BACKUP_EVERY = timedelta(hours=environment.number("OUTLAY_BACKUP_EVERY_HOURS", 0))
BACKUP_KEEP = environment.number("OUTLAY_BACKUP_KEEP", 7, least=1)
BACKUP_FOLDER = Path(environment.text("OUTLAY_BACKUP_FOLDER", str(DATA_DIR / "backups"))).expanduser()
#: Of the backup of a ledger, packed and unpacked.
RESTORE_MAX_BYTES = environment.number("OUTLAY_RESTORE_MAX_MB", 1024, least=1) * 1024 * 1024
ATTACHMENT_MAX_BYTES = environment.number("OUTLAY_ATTACHMENT_MAX_MB", 10, least=1) * 1024 * 1024
#: A picture of few bytes may have more pixels than the memory of whoever opens it.
ATTACHMENT_MAX_MEGAPIXELS = environment.number("OUTLAY_ATTACHMENT_MAX_MEGAPIXELS", 100, least=1)
#: The time after its recording in which a transaction can be edited, split or deleted; 0 has no end.
EXPENSE_EDIT_WINDOW = timedelta(hours=environment.number("EXPENSE_EDIT_WINDOW_HOURS", 0))
#: The number of equal corrections of similar texts that leads to a proposed rule; 0 turns proposals off.
PROPOSAL_AFTER = environment.number("OUTLAY_PROPOSAL_AFTER", 3)
#: Kind of run → class that does its work.
RUN_WORK = {
    "import": "statements.services.imports.ImportWork",
    "bulk_edit": "expenses.services.bulk_runs.BulkEdit",
    "bulk_delete": "expenses.services.bulk_runs.BulkDelete",
    "rules": "rules.services.runs.ApplyWork",
    "review": "expenses.services.review.ReviewWork",
    "merge": "expenses.services.merges.MergeWork",
    "backtest": "expenses.services.backtests.BacktestWork",
    "thresholds": "expenses.services.adoption.AdoptionWork",
    "restore": "config.backup.restoring.RestoreWork",
}
#: Parts of the insights in the order of their computation. A later part gets the results of the earlier ones.
INSIGHT_PARTS = [
    "insights.services.recurring.RecurringPayments",
    "insights.services.amounts.AmountStatistics",
    "insights.services.decompositions.Decompositions",
    "insights.services.anomalies.Anomalies",
]
#: Statements up to this size are read within the request, larger ones by the worker.
IMPORT_READ_AT_ONCE_BYTES = 1024 * 1024

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
#: A proxy in front ends TLS. It sets X-Forwarded-Proto, and must remove it from requests of clients.
HTTPS = environment.flag("OUTLAY_HTTPS", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^api/v1/health/", r"^metrics$"]  # requested inside the network, without TLS
SECURE_HSTS_SECONDS = 365 * 86_400 if HTTPS else 0
SILENCED_SYSTEM_CHECKS = [
    "security.W003",  # no cookie authenticates, so no other site can misuse one
    "security.W005",  # only the operator knows whether all subdomains have TLS
    "security.W021",  # the same
    *([] if HTTPS else ["security.W004", "security.W008"]),  # outlay.W001 warns where it matters
]
APPEND_SLASH = False

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.access.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.access.RateThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "register": environment.rate("OUTLAY_RATE_REGISTER", "60/hour"),
        "login": environment.rate("OUTLAY_RATE_LOGIN", "30/minute"),
        "tokens": environment.rate("OUTLAY_RATE_TOKENS", "60/hour"),
        "erase": environment.rate("OUTLAY_RATE_ERASE", "10/hour"),
        "suggest": environment.rate("OUTLAY_RATE_SUGGEST", "300/minute"),
        "model_retry": environment.rate("OUTLAY_RATE_MODEL_RETRY", "10/minute"),
        "imports": environment.rate("OUTLAY_RATE_IMPORTS", "600/hour"),
        "ask": environment.rate("OUTLAY_RATE_ASK", "60/minute"),
        "bulk": environment.rate("OUTLAY_RATE_BULK", "300/minute"),
        "export": environment.rate("OUTLAY_RATE_EXPORT", "60/hour"),
    },
    "NUM_PROXIES": environment.number("OUTLAY_PROXIES", 0),
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["expenses.views.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "config.api.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "config.api.schema.OperationSchema",
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_HANDLER_CLASS": "config.api.errors.ProblemHandler",
    "EXCEPTION_FORMATTER_CLASS": "config.api.errors.ProblemFormatter",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Outlay",
    "DESCRIPTION": (BASE_DIR / "config" / "api" / "introduction.md").read_text(encoding="utf-8"),
    "VERSION": VERSION,
    "SERVERS": [{"url": "/", "description": "This server"}],
    "TAGS": [{"name": group.name, "description": group.description} for group in GROUPS],
    "LICENSE": {"name": "AGPL-3.0-or-later", "url": "https://www.gnu.org/licenses/agpl-3.0.html"},
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "REDOC_UI_SETTINGS": {"disableSearch": False},
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.api.schema.add_examples",
        "config.api.links.add_links",
    ],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "AccountType": "expenses.models.AccountType",
        "ReviewState": "expenses.models.transactions.Review",
        "DuplicateStatus": "expenses.models.duplicates.DuplicateStatus",
        "TransferStatus": "expenses.models.transfers.TransferStatus",
        "RateSource": "expenses.models.rates.RateSource",
        "RuleField": "rules.operators.OPERATORS",
        "RuleOperator": "rules.operators.OPERATOR_NAMES",
        "RuleAction": "rules.serializers.actions.ACTIONS",
        "RuleTrigger": "rules.models.rules.TRIGGERS",
        "RuleMatch": ["all", "any"],
        "RuleMode": "rules.models.rules.Mode",
        "RuleOverwrite": "rules.models.rules.Overwrite",
        "RuleOrigin": "rules.models.rules.Origin",
        "ProposalStatus": "rules.models.ProposalStatus",
        "ImportStatus": "statements.models.ImportStatus",
        "ImportConflict": ["skip", "update"],
        "ModelQueueState": ["idle", "asking", "busy", "away", "off"],
        "BreakerState": ["closed", "open", "half_open"],
        "PeriodUnit": ["day", "week", "month", "year"],
        "SeriesStep": ["daily", "weekly", "monthly", "yearly"],
        "TokenScope": "accounts.models.Scope",
        "ModelCallOutcome": "expenses.serializers.model_calls.OUTCOMES",
        "ModelCallPurpose": "expenses.serializers.model_calls.PURPOSES",
        "AttemptOutcome": "expenses.serializers.model_answers.OUTCOMES",
        "CategorizationStatus": "expenses.models.CategorizationStatus",
        "SuggestionStatus": ["automatic", "suggested", "pending", "none"],
        "RunStatus": "expenses.models.RunStatus",
        "PartStatus": ["ok", "failing", "off"],
        "Health": ["ok", "failing"],
        "LiveStatus": ["ok"],
        "TransactionKind": ["expense", "income", "refund", "transfer"],
        "CategoryKind": ["expense", "income", "transfer"],
        "Direction": ["in", "out"],
        "AnomalyKind": "insights.models.AnomalyKind",
        "AnomalyVerdict": "insights.models.AnomalyVerdict",
        "RecurringKind": "insights.models.RecurringKind",
        "RecurringStatus": "insights.models.RecurringStatus",
        "RecurringVerdict": "insights.models.RecurringVerdict",
        "Rhythm": "insights.models.RhythmChoice",
        "TrendDirection": ["up", "down", "flat"],
        "ForecastMethod": "insights.serializers.forecast.METHODS",
        "NarrativeSource": "insights.serializers.narrative.SOURCES",
        "NarrativeModel": "insights.serializers.narrative.MODEL_STATES",
        "NarrativePart": "insights.narrative.template.PARTS",
        "FigureUnit": ["money", "percent", "count", "date"],
        "ConversionSource": ["same", "manual", "ecb"],
        "UsedRateSource": ["ecb", "manual"],
    },
}

PROMETHEUS_EXPORT_MIGRATIONS = False  # health/ready/ reports them

OLLAMA_URL = environment.ollama_url()
OLLAMA_MODEL = environment.text("OUTLAY_OLLAMA_MODEL", "qwen3:4b")

#: The links of the chain in their order. An answer of at least MIN_CONFIDENCE is taken without approval.
CATEGORIZATION_PROVIDERS: list[dict[str, Any]] = [
    {"BACKEND": "rules.provider.RulesProvider"},
    {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.95},
    {"BACKEND": "expenses.categorization.keywords.KeywordProvider", "MIN_CONFIDENCE": 0.95},
    {"BACKEND": "providers.merchants.MerchantProvider", "MIN_CONFIDENCE": 0.80},
    {"BACKEND": "expenses.categorization.classifier.LearnedProvider", "MIN_CONFIDENCE": 0.85},
    {"BACKEND": "providers.name_classifier.NameClassifierProvider", "MIN_CONFIDENCE": 1.0},
]
if OLLAMA_URL:
    CATEGORIZATION_PROVIDERS.append(
        {
            "BACKEND": "providers.ollama.OllamaProvider",
            "MIN_CONFIDENCE": environment.probability("OUTLAY_OLLAMA_MIN_CONFIDENCE", 0.80),
            "DEFERRED": True,
            "OPTIONS": {
                "host": OLLAMA_URL,
                "model": OLLAMA_MODEL,
                "timeout_s": environment.number("OUTLAY_OLLAMA_TIMEOUT_S", 30, least=1),
                "load_timeout_s": environment.number("OUTLAY_OLLAMA_LOAD_TIMEOUT_S", 300, least=1),
                "log": "expenses.services.model_calls.ModelCallLog",
                "is_public_allowed": environment.flag("OUTLAY_OLLAMA_PUBLIC", default=False),
            },
        }
    )

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"},
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "{asctime}{levelname}{name}{message}",
            "style": "{",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
        },
    },
    "filters": {"request": {"()": "config.api.request_log.RequestFields"}},
    "handlers": {
        "console": {
            "filters": ["request"],
            "class": "logging.StreamHandler",
            "formatter": environment.choice("OUTLAY_LOG_FORMAT", ("text", "json")),
        }
    },
    "root": {
        "handlers": ["console"],
        "level": environment.choice("OUTLAY_LOG_LEVEL", ("info", "debug", "warning", "error")).upper(),
    },
    "loggers": {
        "django_tasks": {"level": "WARNING"},
        "django_tasks_db": {"level": "WARNING"},
        "rq": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},
        # The answer names the mistake of the client, and config.api.request_log says that there was one.
        "django.security": {"level": "CRITICAL"},
        "django.request": {"level": "ERROR"},
    },
}
