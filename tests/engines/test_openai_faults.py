"""What becomes of clips when the server behind openai-http is busy, breaks, lies or dawdles."""

from __future__ import annotations

import importlib.util
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from workbench.audio.clip import AudioClip
from workbench.engines.backoff import Backoff
from workbench.engines.base import DecodeOptions, EngineInfo
from workbench.engines.notes import take_notes
from workbench.engines.openai_http import PLUGIN, OpenAiHttpEngine, Server, open_client
from workbench.engines.scripted import ScriptedPlugin
from workbench.errors import EngineError, UsageError
from workbench.settings import Settings


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


faults = load("faulty_server")
CLIPS = [AudioClip(samples=np.zeros(1600 + 16 * place, np.float32), sample_rate=16_000) for place in range(12)]
TEXTS = [faults.text_of(len(clip.samples)) for clip in CLIPS]
QUICK = Backoff(first_seconds=0.02, longest_seconds=0.05, draw=random.Random(0).random)


@pytest.fixture
def server() -> Iterator[Any]:
    with faults.faulty_server() as found:
        yield found


@pytest.fixture
def engine(server: Any, settings: Settings) -> Iterator[OpenAiHttpEngine]:
    address = Server.parse(server.url)
    engine = OpenAiHttpEngine(address, open_client(address), PLUGIN.info(server.url, settings), QUICK)
    yield engine
    engine.close()


def hear(engine: OpenAiHttpEngine, clips: list[AudioClip] | None = None, **extra: Any) -> list[str]:
    return [one.text for one in engine.transcribe(CLIPS if clips is None else clips, DecodeOptions(extra=extra))]


def once(fault: Callable[[Any], None]) -> Callable[[int, int], Callable[[Any], None] | None]:
    """Every clip's first try fails."""
    return lambda frames, tries: fault if tries == 1 else None


PASSING = {
    "429": (faults.refuse(429), "status 429"),
    "429 with seconds": (faults.refuse(429, Retry_After="0"), "status 429"),
    "500": (faults.refuse(500), "status 500"),
    "502 as a page": (faults.refuse(502, b"<html>Bad gateway</html>", Content_Type="text/html"), "status 502"),
    "503": (faults.refuse(503), "status 503"),
    "504": (faults.refuse(504), "status 504"),
    "reset": (faults.reset, "a broken connection"),
    "no answer": (faults.hang_up, "no answer"),
    "half a body": (faults.half, "half an answer"),
    "reset in the middle": (faults.reset_in_the_middle, "a broken connection"),
    "half a body, no length": (faults.cut_without_a_word, "half an answer"),
}


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_is_tried_again_and_every_text_is_right_and_in_order(
    name: str, server: Any, engine: OpenAiHttpEngine
) -> None:
    fault, reason = PASSING[name]
    server.plan = once(fault)
    assert hear(engine) == TEXTS
    assert set(server.tries.values()) == {2}, "once more each, and no more"
    assert f"12 requests to {server.url} were sent again: 12 after {reason}." in take_notes(engine)


LASTING = {
    "500 for ever": (faults.refuse(500), "answered 500 3 times: Traceback", 3),
    "429 for ever": (faults.refuse(429, {"error": {"message": "busy"}}), "answered 429 3 times: busy", 3),
    "reset for ever": (faults.reset, r"broke .a broken connection.; it was tried 3 times", 3),
    "half for ever": (faults.half, r"broke .half an answer.; it was tried 3 times", 3),
    "400": (faults.refuse(400), "answered 400: Traceback", 2),  # the other format is asked for once
    "401": (faults.refuse(401, {"detail": "who are you?"}), "answered 401: who are you", 1),
    "404": (faults.refuse(404), "answered 404: Traceback", 1),
    "413": (faults.refuse(413), "answered 413: Traceback", 1),
    "501": (faults.refuse(501), "answered 501: Traceback", 1),
    "redirect": (faults.refuse(307, Location="http://192.0.2.1/"), "go to http://192.0.2.1/; redirects are not", 1),
    "a page": (faults.refuse(200, b"<html>Log in</html>", Content_Type="text/html"), "is no transcription", 1),
    "other JSON": (faults.refuse(200, {"txt": "?"}, Content_Type="application/json"), "is no transcription", 1),
    "a number": (faults.refuse(200, {"text": 9}, Content_Type="application/json"), "is no transcription", 1),
}


@pytest.mark.parametrize("name", LASTING)
def test_what_stays_wrong_is_a_sentence_with_a_hint(name: str, server: Any, engine: OpenAiHttpEngine) -> None:
    fault, sentence, tries = LASTING[name]
    server.plan = lambda *_: fault
    with pytest.raises(EngineError, match=sentence) as caught:
        hear(engine, CLIPS[:1], retries=2)
    assert caught.value.hint
    assert list(server.tries.values()) == [tries]
    server.plan = lambda *_: None
    assert hear(engine, CLIPS[:1]) == TEXTS[:1], "the engine can be used afterwards"


def test_an_empty_text_is_a_text(server: Any, engine: OpenAiHttpEngine) -> None:
    server.plan = lambda *_: faults.refuse(200, {"text": ""})
    assert hear(engine, CLIPS[:2]) == ["", ""]


def test_the_server_is_given_the_time_it_asks_for(server: Any, engine: OpenAiHttpEngine) -> None:
    server.plan = once(faults.refuse(429, Retry_After="1"))
    began = time.monotonic()
    assert hear(engine, CLIPS[:1]) == TEXTS[:1]
    assert time.monotonic() - began >= 1.0


@pytest.mark.parametrize(
    "asked",
    ["100", format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)],
    ids=["seconds", "a time"],
)
def test_a_wait_beyond_the_deadline_is_not_begun(asked: str, server: Any, engine: OpenAiHttpEngine) -> None:
    server.plan = lambda *_: faults.refuse(503, Retry_After=asked)
    began = time.monotonic()
    with pytest.raises(EngineError, match="answered 503: Traceback"):
        hear(engine, CLIPS[:1], timeout_seconds=5)
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("how", ["silent", "a byte now and then", "always busy"])
def test_the_deadline_is_for_all_tries_together(how: str, server: Any, engine: OpenAiHttpEngine) -> None:
    if how == "silent":
        server.delay_seconds = 2.0
    server.plan = {
        "silent": lambda *_: None,
        "a byte now and then": lambda *_: faults.dribble,
        "always busy": lambda *_: faults.refuse(429),
    }[how]
    began = time.monotonic()
    with pytest.raises(EngineError, match=r"did not answer within 0\.4 s|answered 429"):
        hear(engine, CLIPS[:1], timeout_seconds=0.4, retries=20)
    assert time.monotonic() - began < 1.5


def test_no_more_requests_at_once_than_allowed_over_kept_connections(server: Any, engine: OpenAiHttpEngine) -> None:
    server.delay_seconds = 0.05
    for _ in range(2):
        assert hear(engine, concurrency=3) == TEXTS
    assert server.most_at_once == 3, "as many as allowed, and never more"
    assert server.connections == 3, "24 requests over three connections"
    assert server.tries == {len(clip.samples): 2 for clip in CLIPS}, "each clip once a call"
    (note,) = take_notes(engine)
    assert note.startswith(f"24 answers from {server.url}: 50% within 0.")
    assert note.endswith("at most 3 requests at once.")
    assert take_notes(engine) == (), "taking begins afresh"


def test_one_at_a_time_is_one_at_a_time(server: Any, engine: OpenAiHttpEngine) -> None:
    server.delay_seconds = 0.01
    assert hear(engine, concurrency=1) == TEXTS
    assert (server.most_at_once, server.connections) == (1, 1)


def test_a_clip_that_is_refused_ends_its_batch_without_sending_the_rest(server: Any, engine: OpenAiHttpEngine) -> None:
    bad = len(CLIPS[1].samples)
    server.plan = lambda frames, tries: faults.refuse(413) if frames == bad else None
    server.delay_seconds = 0.05
    with pytest.raises(EngineError, match="413"):
        hear(engine, concurrency=2)
    assert sum(server.tries.values()) < len(CLIPS)


def test_a_server_that_went_away_is_looked_for_again(settings: Settings) -> None:
    with faults.faulty_server() as server:
        address = Server.parse(server.url)
        client = open_client(address)
        engine = OpenAiHttpEngine(address, client, PLUGIN.info(server.url, settings), QUICK)
        assert hear(engine, CLIPS[:1]) == TEXTS[:1]
    client.close()
    engine._requests._client = open_client(address)  # the kept connection is still served by its thread
    with pytest.raises(EngineError, match=r"a refused connection.; it was tried 5 times"):
        hear(engine, CLIPS[:1])
    engine.close()


def test_an_interrupt_does_not_wait_for_answers(
    server: Any, engine: OpenAiHttpEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.delay_seconds = 2.0
    monkeypatch.setattr(threading.Thread, "join", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        hear(engine, CLIPS[:2])
    assert time.monotonic() - began < 1.0


class TestKey:
    def test_is_read_from_the_variable_that_is_named_and_never_told(
        self, server: Any, engine: OpenAiHttpEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LAB_KEY", "s3cret")
        monkeypatch.setenv("OPENAI_API_KEY", "another")
        assert hear(engine, CLIPS[:1], api_key_env="LAB_KEY") == TEXTS[:1]
        assert server.headers[-1]["Authorization"] == "Bearer s3cret"
        assert "s3cret" not in repr(engine.info) + str(take_notes(engine))
        server.plan = lambda *_: faults.refuse(401, {"error": {"message": "s3cret is no key"}})
        with pytest.raises(EngineError, match="401: … is no key") as caught:
            hear(engine, CLIPS[:1], api_key_env="LAB_KEY")
        assert "api_key_env" in caught.value.hint

    def test_is_not_sent_unless_named(
        self, server: Any, engine: OpenAiHttpEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "another")
        hear(engine, CLIPS[:1])
        assert "Authorization" not in server.headers[-1]

    @pytest.mark.parametrize("value", ["", "  ", "a\nb", "ключ"])
    def test_that_cannot_be_sent_is_a_sentence(
        self, value: str, engine: OpenAiHttpEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LAB_KEY", value)
        with pytest.raises(UsageError, match="LAB_KEY holds no key"):
            hear(engine, CLIPS[:1], api_key_env="LAB_KEY")

    def test_in_the_place_of_a_name_is_refused_without_repeating_it(self, engine: OpenAiHttpEngine) -> None:
        with pytest.raises(UsageError, match="api_key_env") as caught:
            hear(engine, CLIPS[:1], api_key_env="sk-12ab")
        assert "12ab" not in caught.value.sentence


def test_an_engine_without_notes_has_none(settings: Settings) -> None:
    engine = ScriptedPlugin(script={"*": "a"}).load(None, settings)
    assert isinstance(engine.info, EngineInfo)
    assert take_notes(engine) == ()
