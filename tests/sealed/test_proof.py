"""`workbench doctor --offline-proof`, and that it says so when it is not shown."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from workbench import services
from workbench.cli import main
from workbench.errors import WorkbenchError
from workbench.sealed import Layers
from workbench.sealed.packets import Attempt
from workbench.services import proof as module

SEEN = (Attempt("dns", "a.b"), Attempt("tcp", "c:1"), Attempt("udp", "d:2"), Attempt("tcp", "e:3"))
SHOWN = services.OfflineProof(
    engine="builtin",
    recording="e01.flac",
    text="said",
    wall_seconds=1.0,
    seen_of_canary=SEEN,
    attempts=(),
    layers=Layers(kernel="namespace"),
    passed_seal=(),
    seen_of_sealed=(),
    packets_lost=0,
)


@pytest.fixture
def without_model(monkeypatch: pytest.MonkeyPatch, workbench_home: Path) -> None:
    """As on a machine on which no model is installed."""
    services.default_pool.cache_clear()
    monkeypatch.setattr(module, "_engine", lambda pool: "scripted")


@pytest.mark.usefixtures("namespaces", "without_model")
def test_nothing_tries_to_leave(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--offline-proof", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["holds"], found["detects"], found["seals"]) == (True, True, True)
    assert (found["attempts"], found["passed_seal"], found["seen_of_sealed"]) == ([], [], [])
    assert {one["kind"] for one in found["seen_of_canary"]} == {"dns", "tcp", "udp"}
    assert (found["engine"], found["text"]) == ("scripted", "3.40 seconds")


@pytest.mark.weights
@pytest.mark.usefixtures("namespaces")
def test_a_real_transcription_tries_nothing(builtin_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(builtin_home))
    services.default_pool.cache_clear()
    found = services.prove_offline()
    services.default_pool.cache_clear()
    assert found.engine == "builtin"
    assert "meeting" in found.text
    assert found.attempts == ()
    assert found.holds


@pytest.mark.parametrize(
    "spoilt",
    [
        {"attempts": SEEN[:1]},
        {"seen_of_canary": SEEN[1:]},
        {"seen_of_canary": SEEN[:3]},
        {"seen_of_canary": ()},
        {"packets_lost": 1},
        {"passed_seal": ("subprocess",)},
        {"seen_of_sealed": SEEN[:1]},
        {"layers": Layers(guard=True)},
    ],
)
def test_what_is_not_shown_is_not_claimed(
    spoilt: dict[str, object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert SHOWN.holds
    monkeypatch.setattr(services.proof, "prove_offline", lambda: dataclasses.replace(SHOWN, **spoilt))
    assert main(["doctor", "--offline-proof"]) == 1
    assert "This is not shown" in capsys.readouterr().out


def test_what_was_seen_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(services.proof, "prove_offline", lambda: dataclasses.replace(SHOWN, attempts=SEEN[:2]))
    main(["doctor", "--offline-proof"])
    assert "It tried to reach: dns a.b, tcp c:1.\n" in capsys.readouterr().out


@pytest.mark.usefixtures("without_model")
def test_where_the_kernel_refuses_it_is_an_error_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(commands: object) -> None:
        raise OSError("[Errno 1] Operation not permitted")

    monkeypatch.setattr(module, "run_in_sink", refuse)
    with pytest.raises(WorkbenchError, match=r"refuses a network namespace .*not permitted") as told:
        services.prove_offline()
    assert told.value.exit_code == 1


@pytest.mark.usefixtures("namespaces", "without_model")
def test_a_transcription_that_fails_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_engine", lambda pool: "nobody")
    with pytest.raises(WorkbenchError, match="What was to be watched failed: There is no engine named 'nobody'"):
        services.prove_offline()


def test_doctor_says_which_layer_there_is() -> None:
    assert services.available_layers().sentence
