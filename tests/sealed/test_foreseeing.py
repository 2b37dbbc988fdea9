"""What the command line has to know before anything is imported: which verb, which port, which engine."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from workbench import sealed
from workbench.cli.parser import build_parser
from workbench.cli.sealing import seal_first
from workbench.cli.syntax import SEALED, is_sealed
from workbench.engines.registry import plugin
from workbench.errors import UsageError
from workbench.sealed.needs import needs_network
from workbench.settings import Settings


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch, workbench_home: None) -> list[str]:
    """What was done to this process: nothing, in truth."""
    told: list[str] = []

    def layer(name: str):
        def note(why: str = "") -> sealed.Layers:
            told.append(f"{name} {why}".strip())
            return sealed.Layers(guard=name == "guard", why=why)

        return note

    monkeypatch.setattr(sealed, "seal", layer("seal"))
    monkeypatch.setattr(sealed, "guard_only", layer("guard"))
    monkeypatch.setattr(sealed, "leave_open", layer("open"))
    monkeypatch.delenv("WORKBENCH_SEAL", raising=False)
    monkeypatch.delenv("WORKBENCH_ALLOW_REMOTE", raising=False)
    return told


NEEDS = "the engine openai-http needs the network."
RAY_NEEDS = "the executor ray needs the network."


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("transcribe talk.wav", ["seal"]),
        ("transcribe talk.wav --engine faster-whisper:base", ["seal"]),
        ("bench english-demo --json", ["seal"]),
        ("trial start first talk.wav", ["seal"]),
        ("transcript rerun talk.json", ["seal"]),
        ("transcribe talk.wav --no-seal", ["open --no-seal was given."]),
        ("transcribe talk.wav --engine openai-http", [f"guard {NEEDS}"]),
        ("transcribe talk.wav --engine=openai-http:http://127.0.0.1:9/v1", [f"guard {NEEDS}"]),
        ("sweep a --engine builtin --engine openai-http", [f"guard {NEEDS}"]),
        ("transcribe talk.wav --engine openai-http --option allow_remote=true", [f"open {NEEDS}"]),
        ("transcribe talk.wav --engine openai-http --option allow_remote=false", [f"guard {NEEDS}"]),
        ("bench a --executor local --ray-audio send", ["seal"]),
        ("bench a --executor ray", [f"guard {RAY_NEEDS}"]),
        ("sweep a --executor=ray --ray-address auto", [f"guard {RAY_NEEDS}"]),
        ("bench a --executor ray --ray-address 127.0.0.1:6379", [f"guard {RAY_NEEDS}"]),
        ("bench a --executor ray --ray-address 10.0.0.5:6379", [f"open {RAY_NEEDS}"]),
        ("transcribe --help", []),
        ("trial show first", []),
        ("models fetch faster-whisper:base", []),
        ("sets fetch some", []),
        ("doctor --offline-proof", []),
        ("", []),
    ],
)
def test_each_command_line_has_its_layer(words: str, expected: list[str], done: list[str]) -> None:
    notes: list[str] = []
    assert seal_first(words.split(), notes.append) is None
    assert done == expected
    assert len(notes) == sum("needs" in one for one in expected)


@pytest.mark.parametrize(
    ("value", "expected"), [("0", "open WORKBENCH_SEAL=0 was given."), ("1", "seal"), ("", "seal")]
)
def test_the_environment_can_turn_it_off(
    value: str, expected: str, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_SEAL", value)
    seal_first(["transcribe", "talk.wav"], done.append)
    assert done == [expected]


def test_what_is_allowed_in_the_environment_is_left_open(done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_ALLOW_REMOTE", "1")
    seal_first(["transcribe", "a.wav", "--engine", "openai-http"], [].append)
    assert done == [f"open {NEEDS}"]


def test_the_page_listens_before_it_is_sealed(done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    listened: list[bool] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(UsageError, match=f"Port {port} is in use"):
            seal_first(["serve", "--port", port], done.append)
    assert done == []

    def seal() -> None:
        with socket.create_connection(("127.0.0.1", int(port)), 10):
            listened.append(True)

    monkeypatch.setattr(sealed, "seal", seal)
    listener = seal_first(["serve", "--port", port], done.append)
    assert listener is not None
    assert listened == [True]
    listener.close()


def test_what_cannot_be_read_is_told_as_by_the_verbs_own_parser(done: list[str]) -> None:
    words = ["serve", "--port", "many"]
    with pytest.raises(UsageError) as foreseen:
        seal_first(words, done.append)
    with pytest.raises(UsageError) as parsed:
        build_parser().parse_args(words)
    assert foreseen.value.sentence == parsed.value.sentence
    assert done == []


@pytest.mark.parametrize("path", sorted(SEALED))
def test_every_sealed_verb_exists_and_can_be_left_its_network(path: tuple[str, ...]) -> None:
    parser = build_parser()
    for word in path:
        (group,) = [action for action in parser._actions if isinstance(action.choices, dict)]
        parser = group.choices[word]
    assert "--no-seal" in parser._option_string_actions
    assert is_sealed(path)


def test_an_engine_says_in_its_packages_metadata_that_it_needs_a_network() -> None:
    assert needs_network("openai-http:http://127.0.0.1:8000/v1#model")
    assert not needs_network("builtin")
    assert not needs_network("")


def test_nothing_that_starts_threads_is_imported_before() -> None:
    code = "import os, sys, workbench.cli; print(len(os.listdir('/proc/self/task')), 'numpy' in sys.modules)"
    if sys.platform != "linux":
        pytest.skip("threads are counted in /proc, which is Linux's")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False"]


def test_the_start_imports_nothing_that_only_linux_has() -> None:
    code = """
import sys
for name in ("fcntl", "resource", "termios"):
    sys.modules[name] = None
import workbench.cli.sealing, workbench.sealed.watch, workbench.sealed.canary, workbench.sealed.packets
import workbench.sealed.syscall_filter, workbench.sealed.namespace
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_server_is_out_of_reach_of_a_sealed_process_and_that_is_said(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed, "layers", lambda: sealed.Layers(kernel="namespace"))
    here = plugin("openai-http").check(None, settings)
    assert not here.ok
    assert "this process is sealed off from the network" in here.reason
