"""Settings from the environment, and what libraries are kept from doing."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import UsageError
from workbench.settings import Settings, quieten


def test_settings_come_from_the_environment() -> None:
    made = Settings.from_env({"WORKBENCH_HOME": "/data/wb", "WORKBENCH_PORT": "8080", "WORKBENCH_DEVICE": "cpu"})
    assert (made.home, made.port, made.device, made.host) == (Path("/data/wb"), 8080, "cpu", "127.0.0.1")
    assert made.models == Path("/data/wb/models")


def test_a_home_with_a_tilde_is_the_users() -> None:
    assert Settings.from_env({"WORKBENCH_HOME": "~/wb"}).home == Path.home() / "wb"


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    made = Settings.from_env({"WORKBENCH_PORT": "", "WORKBENCH_HOST": "", "WORKBENCH_DEVICE": ""})
    assert (made.port, made.host, made.device) == (7860, "127.0.0.1", "auto")


@pytest.mark.parametrize("port", ["web", "-1", "65536", "７８６０"])
def test_what_is_not_a_port_is_said(port: str) -> None:
    with pytest.raises(UsageError, match="not a port") as caught:
        Settings.from_env({"WORKBENCH_PORT": port})
    assert caught.value.exit_code == 2
    assert caught.value.hint


def test_a_precision_is_one_of_torchs() -> None:
    assert Settings.from_env({}).dtype == "auto"
    assert Settings.from_env({"WORKBENCH_DTYPE": "bfloat16"}).dtype == "bfloat16"
    with pytest.raises(UsageError, match="WORKBENCH_DTYPE is 'int8', no precision"):
        Settings.from_env({"WORKBENCH_DTYPE": "int8"})


def test_quieten_turns_off_what_libraries_send_and_keeps_the_rest() -> None:
    environ = {
        "HTTPS_PROXY": "http://proxy:3128",
        "http_proxy": "http://proxy:3128",
        "GRADIO_SHARE": "True",
        "GRADIO_SERVER_NAME": "0.0.0.0",
        "HF_TOKEN": "secret",
        "HF_HUB_OFFLINE": "0",
        "PATH": "/bin",
    }
    quieten(environ)
    assert environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert environ["GRADIO_SHARE"] == "False"
    assert environ["HF_HUB_OFFLINE"] == "1"
    assert environ["ORT_DISABLE_TELEMETRY"] == "1"
    assert environ["PATH"] == "/bin"
    assert not {"HTTPS_PROXY", "http_proxy", "GRADIO_SERVER_NAME", "HF_TOKEN"} & environ.keys()
