"""compose.yaml lets nobody in by itself, and asks for every secret that it needs."""

import re

import pytest
import yaml
from django.conf import settings

COMPOSE = settings.BASE_DIR / "compose.yaml"
OURS = ("prepare", "web", "worker")


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load(COMPOSE.read_text())["services"]


def test_only_the_web_server_publishes_a_port(services):
    ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert ports == {"web": ["${OUTLAY_PUBLISHED_AT:-127.0.0.1:8000}:8000"]}


def test_no_container_has_rights_that_it_does_not_need(services):
    for name, service in services.items():
        assert "privileged" not in service
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service.get("read_only") is True or name == "ollama"
    for name in OURS:
        assert services[name]["cap_drop"] == ["ALL"]


def test_web_and_workers_wait_for_the_database_to_be_prepared(services):
    for name in ("web", "worker"):
        assert services[name]["depends_on"] == {"prepare": {"condition": "service_completed_successfully"}}
    healthy = {"condition": "service_healthy"}
    assert services["prepare"]["depends_on"] == {"postgres": healthy, "redis": healthy}


def test_the_example_names_every_variable_and_holds_no_secret():
    wanted = set(re.findall(r"\$\{([A-Z_]+)[:}]", COMPOSE.read_text()))
    lines = (settings.BASE_DIR / ".env.example").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set(given) == wanted
    required = set(re.findall(r"\$\{([A-Z_]+):\?", COMPOSE.read_text()))
    assert {name for name, value in given.items() if not value} == required


def test_commands_of_the_containers_are_commands(services):
    commands = {path.stem for path in (settings.BASE_DIR / "config/management/commands").glob("*.py")}
    assert {services[name]["command"][0] for name in OURS} <= commands


def test_no_data_and_no_secret_comes_into_the_image():
    ignored = (settings.BASE_DIR / ".dockerignore").read_text().splitlines()
    assert {".*", "data", "tests"} <= set(ignored)
