"""Metrics and logs, for operators."""

import json
import os
import subprocess
import sys
from typing import Any

from django.conf import settings

from config.processes import serving
from expenses.models import ExchangeRate


def test_metrics_count_requests_and_name_no_user(ana):
    ana.get("expenses/")
    page = ana.get("/metrics")
    assert page.status_code == 200
    assert "django_http_requests_total_by_view_transport_method_total" in page.content.decode()
    assert "ana" not in {word for line in page.content.decode().splitlines() for word in line.split('"')}


def test_logs_are_one_json_object_a_line_when_asked_for(tmp_path):
    program = "import django; django.setup(); import logging; logging.getLogger('outlay').warning('It is “here”')"
    environment = os.environ | {
        "OUTLAY_LOG_FORMAT": "json",
        "OUTLAY_DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    command: Any = [sys.executable, "-c", program]
    run = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
    line = json.loads(run.stderr)
    assert line.pop("time")
    assert line == {"level": "WARNING", "logger": "outlay", "message": "It is “here”", "request_id": None}


def test_preparing_twice_seeds_the_rates_once(db):
    for _ in range(2):
        serving.prepare()
        assert ExchangeRate.objects.reference().count() > 220_000
