"""Outlay's settings in a folder of their own, so that a test run touches nobody's data."""

import os
import tempfile

os.environ.setdefault("OUTLAY_DATA_DIR", tempfile.mkdtemp(prefix="outlay-test-"))
if "PYTEST_XDIST_WORKER" in os.environ:  # each has a database of its own, and so a folder
    os.environ["OUTLAY_DATA_DIR"] += f"/{os.environ['PYTEST_XDIST_WORKER']}"
os.environ.setdefault("OUTLAY_SECRET_KEY", "a key for tests only, long enough to satisfy every check of it")

from config.settings import *  # noqa: F403 - the environment comes first
from config.settings import CACHES, RQ_QUEUES
from tests import redis_databases

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if CACHES["default"]["BACKEND"].endswith("RedisCache"):
    CACHES["default"]["LOCATION"] = [redis_databases.own(url) for url in CACHES["default"]["LOCATION"]]
for queue in RQ_QUEUES.values():
    queue["URL"] = redis_databases.own(queue["URL"])

# Each client of a test loads the middleware; it would look for all static files each time.
WHITENOISE_AUTOREFRESH = True
