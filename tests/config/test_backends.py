"""Database, cache and tasks are chosen by URL; a wrong URL is refused without a word of its password."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import backends
from config.redis.cache import ForgivingRedisCache

SECRET = "hunter2"
NAMES = ("DATABASE_URL", "CACHE_URL", "TASKS_URL", "OUTLAY_STATEMENT_TIMEOUT_S")


@pytest.fixture(autouse=True)
def given(monkeypatch):
    """Set what the test is about; nothing else is."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch.setenv


def test_without_addresses_everything_is_embedded(tmp_path):
    found = backends.database(tmp_path)
    assert (found["ENGINE"], found["NAME"]) == ("django.db.backends.sqlite3", str(tmp_path / "outlay.sqlite3"))
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert backends.cache()["BACKEND"] == "django.core.cache.backends.db.DatabaseCache"
    embedded = {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", "model"]}
    assert backends.tasks() == {"default": embedded}
    assert backends.task_queues() == {}


def test_postgresql_limits_locks_and_statements(given, tmp_path):
    given("DATABASE_URL", "postgres://ana:secret@db:5433/money?sslmode=require&options=-c%20work_mem%3D8MB")
    found = backends.database(tmp_path)
    assert {key: found[key] for key in ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")} == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "money",
        "USER": "ana",
        "PASSWORD": "secret",
        "HOST": "db",
        "PORT": 5433,
    }
    timeouts = "-c lock_timeout=20s -c idle_in_transaction_session_timeout=300s -c statement_timeout=60s"
    timeouts += " -c tcp_keepalives_idle=5s -c tcp_keepalives_interval=2s -c tcp_user_timeout=10s"
    assert found["OPTIONS"] == {
        "connect_timeout": 10,
        "sslmode": "require",
        "options": f"{timeouts} -c work_mem=8MB",
    }
    assert (found["CONN_MAX_AGE"], found["CONN_HEALTH_CHECKS"]) == (None, True)


def test_the_statement_timeout_is_a_setting(given, tmp_path):
    given("DATABASE_URL", "postgres:///money")
    given("OUTLAY_STATEMENT_TIMEOUT_S", "0")
    assert "-c statement_timeout=0s" in backends.database(tmp_path)["OPTIONS"]["options"]


REDIS = [
    "redis://nas",
    "redis://:secret@nas:6380/2",
    "rediss://ana:secret@nas:6380/2",
    "unix:///run/redis.sock",
    "unix:///run/redis.sock?db=3",
]


@pytest.mark.parametrize("url", REDIS)
def test_redis_takes_the_cache_and_the_tasks(given, url):
    given("CACHE_URL", url)
    given("TASKS_URL", url)
    assert backends.cache()["BACKEND"] == "config.redis.cache.ForgivingRedisCache"
    assert backends.cache()["LOCATION"] == [url]
    assert {alias: backend["BACKEND"] for alias, backend in backends.tasks().items()} == {
        "default": "config.redis.tasks.RedisBackend",
        "kept": "django_tasks_db.DatabaseBackend",
    }
    names = ["default", "low", "model-retry", "model-first", "model", "model-low"]
    assert {name: queue["URL"] for name, queue in backends.task_queues().items()} == dict.fromkeys(names, url)
    assert {queue["SERIALIZER"] for queue in backends.task_queues().values()} == {"rq.serializers.JSONSerializer"}


WRONG = [
    f"http://:{SECRET}@nas",
    f"redis://:{SECRET}@nas:port",
    f"redis://:{SECRET}@nas:70000",
    f"redis://:{SECRET}@nas?socket_timeout=soon",
    f"{SECRET}",
    "redis://",
    "unix://",
]


@pytest.mark.parametrize("name", ["CACHE_URL", "TASKS_URL"])
@pytest.mark.parametrize("url", WRONG)
def test_what_is_no_redis_is_refused_without_its_password(given, name, url):
    given(name, url)
    with pytest.raises(ImproperlyConfigured) as raised:
        backends.cache() if name == "CACHE_URL" else backends.tasks()
    forms = "redis://:password@host:6379/0, rediss://… or unix:///run/redis.sock?db=0"
    assert str(raised.value) == f"{name} must be like {forms}."
    assert SECRET not in repr(raised.value.__context__)


@pytest.mark.parametrize("url", [f"postgres://ana:{SECRET}@db:port/x", f"nosuch://ana:{SECRET}@db/x", SECRET])
def test_what_is_no_database_is_refused_without_its_password(given, tmp_path, url):
    given("DATABASE_URL", url)
    with pytest.raises(ImproperlyConfigured) as raised:
        backends.database(tmp_path)
    assert str(raised.value) == "DATABASE_URL must be like postgres://user:password@host/name."
    assert raised.value.__suppress_context__


def test_a_database_that_outlay_does_not_know_is_refused(given, tmp_path):
    given("DATABASE_URL", f"mysql://ana:{SECRET}@db/x")
    with pytest.raises(ImproperlyConfigured) as raised:
        backends.database(tmp_path)
    assert str(raised.value) == "DATABASE_URL must name a PostgreSQL or SQLite database."


@pytest.fixture
def dead(tmp_path):
    """Return a cache whose Redis is away."""
    return ForgivingRedisCache(f"unix://{tmp_path / 'redis.sock'}", {})


def test_a_cache_that_is_away_is_empty_and_raises_nothing(dead):
    for _ in range(2):
        assert dead.get("a") is None
        assert dead.get("a", 7) == 7
        assert dead.get_many(["a", "b"]) == dead.get_many([]) == {}
        assert dead.set_many({"a": 1}) == ["a"]
        assert not dead.has_key("a")
        assert not dead.touch("a")
        assert not dead.delete("a")
        assert dead.get_or_set("a", 5) == 5
        dead.set("a", 1)
        dead.delete_many(["a"])
        dead.clear()
        with pytest.raises(ValueError, match="not found"):
            dead.incr("a")


def test_a_cache_that_is_away_gives_no_lock(dead):
    assert dead.add("lock", 1) is False


def test_a_cache_that_is_away_logs_one_warning(dead, caplog):
    for _ in range(5):
        dead.get("a")
    message = "The cache in Redis does not answer (ConnectionError); work goes on without it."
    assert [record.getMessage() for record in caplog.records] == [message]


def test_a_bug_in_what_is_cached_is_not_hidden(dead):
    with pytest.raises(AttributeError):
        dead.set("a", lambda: None)
