"""What a server writes while it serves: its own words, and of everything else only the place."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
import warnings

import pytest

from workbench.cli.console import Console
from workbench.cli.log import own_words_only, places

SENTINEL = "Kranichfeder"


def fail() -> None:
    try:
        raise KeyError(SENTINEL)
    except KeyError as error:
        raise ValueError(f"{SENTINEL}.wav") from error


def test_an_error_is_told_by_types_and_places() -> None:
    with pytest.raises(ValueError, match=SENTINEL) as caught:
        fail()
    told = places(caught.value)
    assert told.startswith("ValueError\n")
    assert "after KeyError" in told
    assert "test_log:" in told
    assert SENTINEL not in told


def test_nothing_that_a_library_says_gets_through(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("uvicorn", "uvicorn.error"):  # as in a process that has served nothing yet
        monkeypatch.setattr(logging.getLogger(name), "handlers", [])
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)
    with warnings.catch_warnings(), own_words_only():
        warnings.simplefilter("always")
        print(SENTINEL)
        print(SENTINEL, file=sys.stderr)
        warnings.warn(SENTINEL, stacklevel=1)
        logging.getLogger("gradio").error("cannot read %s", SENTINEL)
        logging.getLogger("asyncio").error(f"Task exception was never retrieved: {SENTINEL}")
        try:
            fail()
        except ValueError:
            traceback.print_exc()
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        Console(as_json=False).note("Ready.")
        Console(as_json=False).say("Served.")
    captured = capsys.readouterr()
    assert SENTINEL not in captured.out + captured.err
    assert captured.out == "Served.\n"
    assert "Ready.\n" in captured.err
    assert "Exception in ASGI application" in captured.err, "the server's own words are fixed"
    assert captured.err.count("in fail") >= 3, "print_exc, the log and the thread say where"


def test_streams_and_handlers_are_as_before_afterwards(capsys: pytest.CaptureFixture[str]) -> None:
    handlers = list(logging.getLogger().handlers)
    with own_words_only():
        pass
    assert logging.getLogger().handlers == handlers
    print("heard")
    assert capsys.readouterr().out == "heard\n"
