"""Environment variables have working defaults, and a wrong one is refused by name."""

import os
import socket
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError

from config import environment
from config.processes import serving

NAME = "OUTLAY_TEST_ONLY"


@pytest.fixture
def given(monkeypatch):
    """Set the variable of the test; None takes it away."""

    def set_to(value: str | None, name: str = NAME) -> None:
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)

    return set_to


def refused(read) -> str:
    with pytest.raises(ImproperlyConfigured) as raised:
        read()
    return str(raised.value)


@pytest.mark.parametrize(("value", "read"), [(None, "x"), ("", "x"), ("  ", "x"), (" a b ", "a b"), ("0", "0")])
def test_an_empty_text_is_the_default(given, value, read):
    given(value)
    assert environment.text(NAME, "x") == read


@pytest.mark.parametrize(("value", "read"), [(None, 7), ("", 7), ("0", 0), (" 12 ", 12), ("007", 7)])
def test_a_whole_number_is_read(given, value, read):
    given(value)
    assert environment.number(NAME, 7) == read


@pytest.mark.parametrize("value", ["-1", "1.5", "1e3", "twelve", "1_000", "²", "٣", "1 2"])
def test_what_is_no_whole_number_is_refused_by_name(given, value):
    given(value)
    assert refused(lambda: environment.number(NAME, 7)) == f"{NAME} must be a whole number, not {value!r}."


@pytest.mark.parametrize(("value", "read"), [(None, 8000), ("1", 1), ("65535", 65535)])
def test_a_port_is_read(given, value, read):
    given(value)
    assert environment.port(NAME, 8000) == read


@pytest.mark.parametrize("value", ["0", "65536", "99999999999"])
def test_what_is_no_port_is_refused_by_name(given, value):
    given(value)
    assert refused(lambda: environment.port(NAME, 8000)) == f"{NAME} must be a port from 1 to 65535, not {value}."


YES, NO = [None, "", "yes", "On", "1", "TRUE"], ["no", "OFF", "0", "False"]


@pytest.mark.parametrize(("value", "read"), [*((yes, True) for yes in YES), *((no, False) for no in NO)])
def test_a_flag_is_read_in_the_usual_words(given, value, read):
    given(value)
    assert environment.flag(NAME, default=True) is read


@pytest.mark.parametrize("value", ["maybe", "2", "ja", "y"])
def test_what_is_no_flag_is_refused_by_name(given, value):
    given(value)
    assert refused(lambda: environment.flag(NAME, default=False)) == f"{NAME} must be yes or no, not {value!r}."


@pytest.mark.parametrize(("value", "read"), [(None, 0.8), ("0", 0.0), ("1", 1.0), (".5", 0.5), ("8e-1", 0.8)])
def test_a_probability_is_read(given, value, read):
    given(value)
    assert environment.probability(NAME, 0.8) == read


@pytest.mark.parametrize("value", ["1.1", "-0.1", "80", "80%", "nan", "inf", "0,8", "high"])
def test_what_is_no_probability_is_refused_by_name(given, value):
    given(value)
    message = f"{NAME} must be a number from 0 to 1, not {value!r}."
    assert refused(lambda: environment.probability(NAME, 0.8)) == message


@pytest.mark.parametrize(("value", "read"), [(None, "5/hour"), ("10/MINUTE", "10/minute"), ("off", None), ("no", None)])
def test_a_rate_is_read(given, value, read):
    given(value)
    assert environment.rate(NAME, "5/hour") == read


@pytest.mark.parametrize("value", ["10", "10/week", "0/hour", "-1/hour", "10/minutes", "1.5/hour", "ten/hour"])
def test_what_is_no_rate_is_refused_by_name(given, value):
    given(value)
    message = f"{NAME} must be like 30/minute (second, minute, hour, day) or off, not {value!r}."
    assert refused(lambda: environment.rate(NAME, "5/hour")) == message


@pytest.mark.parametrize(("value", "read"), [(None, ["a", "b"]), ("x", ["x"]), (" x , y,,", ["x", "y"]), (",", [])])
def test_a_list_is_split_at_commas(given, value, read):
    given(value)
    assert environment.items(NAME, "a,b") == read


OLLAMA = {
    None: "http://127.0.0.1:11434",
    "": "http://127.0.0.1:11434",
    "off": "",
    "OFF": "",
    "no": "",
    "none": "",
    "nas": "http://nas:11434",
    "nas:8080": "http://nas:8080",
    "nas/": "http://nas:11434",
    ":11500": "http://127.0.0.1:11500",
    "0.0.0.0": "http://127.0.0.1:11434",  # noqa: S104
    "0.0.0.0:11500": "http://127.0.0.1:11500",
    "http://0.0.0.0:11434/": "http://127.0.0.1:11434",
    "10.0.0.0:11434": "http://10.0.0.0:11434",
    "http://nas": "http://nas:80",
    "http://nas:11434": "http://nas:11434",
    "https://ollama.example.org": "https://ollama.example.org:443",
    "https://ollama.example.org/": "https://ollama.example.org:443",
    "https://example.org:8443/ollama/": "https://example.org:8443/ollama",
    "[::1]": "http://[::1]:11434",
    "[::]:11500": "http://[::1]:11500",
    "http://[fd00::5]:11434": "http://[fd00::5]:11434",
}


@pytest.mark.parametrize(("value", "url"), OLLAMA.items())
def test_ollama_host_is_read_as_ollama_does(given, value, url):
    given(value, "OLLAMA_HOST")
    assert environment.ollama_url() == url


NO_ADDRESSES = [
    "nas:port", "nas:70000", "http://[::1", "::1", "http://", "https://", "http:///", "http:///api", "://nas", "/", "?",
    "ftp://nas", "unix:///run/ollama.sock", "http://http://nas", "na s", "nas,other", "nas?model=x", "http://nas#x",
]  # fmt: skip


@pytest.mark.parametrize("value", NO_ADDRESSES)
def test_a_wrong_ollama_host_is_refused_by_name(given, value):
    given(value, "OLLAMA_HOST")
    message = f"OLLAMA_HOST must be an address such as 127.0.0.1:11434, or off, not {value!r}."
    assert refused(environment.ollama_url) == message


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def test_the_secret_key_is_private_and_made_once(given, tmp_path):
    given(None, "OUTLAY_SECRET_KEY")
    key = environment.secret_key(tmp_path)
    assert len(key) >= 50
    assert environment.secret_key(tmp_path) == key
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
    assert mode(tmp_path / "secret_key") == "0o600"


def test_processes_that_start_together_agree_on_one_key(given, tmp_path):
    given(None, "OUTLAY_SECRET_KEY")
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(environment.secret_key, [tmp_path] * 32))
    assert keys == {(tmp_path / "secret_key").read_text()}
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_two_folders_have_two_keys(given, tmp_path):
    given(None, "OUTLAY_SECRET_KEY")
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    assert len({environment.secret_key(folder) for folder in folders}) == 2


def test_a_given_secret_key_wins_and_is_not_stored(given, tmp_path):
    given("from outside", "OUTLAY_SECRET_KEY")
    assert environment.secret_key(tmp_path) == "from outside"
    assert list(tmp_path.iterdir()) == []


def test_the_data_folder_is_made_for_its_owner_alone(given, tmp_path):
    given(str(tmp_path / "deep" / "data"), "OUTLAY_DATA_DIR")
    folder = environment.data_dir()
    assert folder == tmp_path / "deep" / "data"
    assert mode(folder) == "0o700"
    assert environment.data_dir() == folder


def test_a_wrong_variable_stops_the_start_with_its_name(tmp_path):
    set_wrongly = os.environ | {"OUTLAY_DATA_DIR": str(tmp_path), "OUTLAY_PORT": "http"}
    command = [sys.executable, "-c", "import config.settings"]
    run = subprocess.run(  # noqa: S603
        command, env=set_wrongly, capture_output=True, text=True, cwd=environment.BASE_DIR, check=False
    )
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].endswith("OUTLAY_PORT must be a whole number, not 'http'.")


def settings_of(folder: Path, names: str, **variables: str) -> str:
    """Return settings as a new process reads them, separated by bars."""
    unset = {name: value for name, value in os.environ.items() if not name.startswith("OUTLAY_")}
    command = [sys.executable, "-c", f"from config import settings as s; print({names}, sep='|')"]
    env = unset | {"OUTLAY_DATA_DIR": str(folder)} | variables
    run = subprocess.run(command, env=env, capture_output=True, text=True, cwd=environment.BASE_DIR, check=True)  # noqa: S603
    return run.stdout.strip()


def test_an_env_file_sets_variables_that_are_not_set_already(tmp_path):
    lines = ["# of this machine", "OUTLAY_PORT=8123", 'OUTLAY_OLLAMA_MODEL="qwen3:8b"', "export OUTLAY_TOKEN_DAYS=7"]
    (tmp_path / ".env").write_text("\n".join([*lines, "OUTLAY_HOST=0.0.0.0", "OUTLAY_SECRET_KEY=$ecret#key"]))
    names = "s.PORT, s.OLLAMA_MODEL, s.REST_KNOX['TOKEN_TTL'].days, s.HOST, s.SECRET_KEY"
    assert settings_of(tmp_path, names, OUTLAY_HOST="::1") == "8123|qwen3:8b|7|::1|$ecret#key"


def test_the_model_gets_the_time_that_the_environment_allows(tmp_path):
    names = "[s.CATEGORIZATION_PROVIDERS[-1]['OPTIONS'][name] for name in ('timeout_s', 'load_timeout_s')]"
    assert settings_of(tmp_path, names) == "[30, 300]"
    longer = {"OUTLAY_OLLAMA_TIMEOUT_S": "90", "OUTLAY_OLLAMA_LOAD_TIMEOUT_S": "900"}
    assert settings_of(tmp_path, names, **longer) == "[90, 900]"


def test_an_ollama_host_without_a_host_stops_the_start(tmp_path):
    with pytest.raises(subprocess.CalledProcessError) as raised:
        settings_of(tmp_path, "s.OLLAMA_URL", OLLAMA_HOST="http://")
    assert "OLLAMA_HOST must be an address such as 127.0.0.1:11434, or off, not 'http://'." in raised.value.stderr


def test_a_wrong_variable_in_an_env_file_stops_the_start(tmp_path):
    (tmp_path / ".env").write_text("OUTLAY_PORT=http")
    with pytest.raises(subprocess.CalledProcessError) as raised:
        settings_of(tmp_path, "s.PORT")
    assert raised.value.stderr.splitlines()[-1].endswith("OUTLAY_PORT must be a whole number, not 'http'.")


@pytest.fixture
def listener():
    """A program that listens at a port of this machine."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_taken_port_is_refused_with_what_to_do(settings, listener):
    settings.HOST, settings.PORT = "127.0.0.1", listener
    with pytest.raises(CommandError) as raised:
        serving.require_free_port()
    message = f"127.0.0.1:{listener} cannot be used (Address already in use). Choose another: OUTLAY_PORT=8001"
    assert str(raised.value) == message


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_free_port_is_accepted_and_left_free(settings):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.HOST, settings.PORT = "127.0.0.1", free.getsockname()[1]
    serving.require_free_port()
    serving.require_free_port()


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:8000"), ("::1", "http://[::1]:8000"), ("localhost", "http://localhost:8000")],
)
def test_the_address_shown_can_be_opened(settings, host, url):
    settings.HOST, settings.PORT = host, 8000
    assert serving.base_url() == url
