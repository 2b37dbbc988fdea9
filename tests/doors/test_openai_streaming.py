"""Text while it is heard, and times of words, as the real OpenAI client reads them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from kept_recordings import temporary_files
from openai.types.audio import (
    TranscriptionDiarized,
    TranscriptionTextDeltaEvent,
    TranscriptionTextDoneEvent,
    TranscriptionTextSegmentEvent,
)

from workbench.audio.clip import AudioClip
from workbench.engines.base import Hypothesis, Segment, Word
from workbench.engines.scripted import ScriptedPlugin
from workbench.errors import EngineError
from workbench.http.transcripts import _letters
from workbench.pipeline.survey import Surveying
from workbench.pipeline.turns import Turn
from workbench.services import transcription

SENTENCES = ("we begin", "at nine", "我们", "明天再谈")


@pytest.fixture
def client(server: Any) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)


@pytest.fixture
def by_the_second(scripted: ScriptedPlugin) -> ScriptedPlugin:
    """Every second of the recording is a stretch of its own, with a sentence of its own."""
    scripted.chunk_seconds = 1.0
    scripted.script = lambda clip: SENTENCES[min(len(scripted.journal.calls), len(SENTENCES)) - 1]
    return scripted


def wait_until(claim: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def post(server: Any, file: Path, **fields: str) -> Any:
    url = f"{server.url}/v1/audio/transcriptions"
    return httpx.stream(
        "POST", url, data={"model": "scripted", **fields}, files={"file": file.read_bytes()}, timeout=60
    )


# Streaming -----------------------------------------------------------------------------------------------------------


def test_the_openai_client_reads_text_as_it_is_heard(
    client: openai.OpenAI, spoken: Path, by_the_second: ScriptedPlugin, server: Any
) -> None:
    with spoken.open("rb") as file:
        *deltas, done = client.audio.transcriptions.create(model="scripted", file=file, language="en", stream=True)
    assert all(isinstance(one, TranscriptionTextDeltaEvent) for one in deltas)
    assert isinstance(done, TranscriptionTextDoneEvent)
    assert len(deltas) == len(by_the_second.journal.calls) >= 3
    assert "".join(one.delta for one in deltas) == done.text
    assert done.text.startswith("we begin at nine我们")
    assert [one.code for one in done.languages or ()] == ["en"]
    extra: dict[str, Any] = done.model_extra or {}
    assert (extra["complete"], extra["warnings"]) == (True, [])
    wait_until(lambda: temporary_files(server) == [])


def test_the_first_words_come_before_the_last_are_heard(
    client: openai.OpenAI, spoken: Path, by_the_second: ScriptedPlugin
) -> None:
    by_the_second.delay_seconds = 0.3
    with spoken.open("rb") as file:
        events = client.audio.transcriptions.create(model="scripted", file=file, stream=True)
        first = next(iter(events))
        heard_by_then = len(by_the_second.journal.calls)
        rest = list(events)
    assert isinstance(first, TranscriptionTextDeltaEvent)
    assert first.delta == "we begin"
    assert heard_by_then < len(by_the_second.journal.calls) == len(rest)


def test_the_last_event_holds_what_verbose_json_holds(
    client: openai.OpenAI, spoken: Path, by_the_second: ScriptedPlugin
) -> None:
    with spoken.open("rb") as file:
        *_, done = client.audio.transcriptions.create(
            model="scripted", file=file, stream=True, response_format="verbose_json"
        )
    extra: dict[str, Any] = done.model_extra or {}
    assert extra["duration"] == 3.4
    assert [one["text"] for one in extra["segments"]][:2] == ["we begin", "at nine"]


def test_events_are_data_alone_and_have_no_names(server: Any, spoken: Path, scripted: ScriptedPlugin) -> None:
    with post(server, spoken, stream="true") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in response.iter_lines() if line]
    assert all(line.startswith("data: {") for line in lines)
    assert [json.loads(line[6:])["type"] for line in lines] == ["transcript.text.delta", "transcript.text.done"]


def test_silence_is_a_last_event_without_deltas(client: openai.OpenAI, scripted: ScriptedPlugin, spoken: Path) -> None:
    scripted.script = {"*": ""}
    with spoken.open("rb") as file:
        (done,) = client.audio.transcriptions.create(model="scripted", file=file, stream=True)
    assert (done.type, done.text) == ("transcript.text.done", "")


def test_what_cannot_begin_is_an_ordinary_error(
    client: openai.OpenAI, bad_files: dict[str, Path], server: Any, scripted: ScriptedPlugin
) -> None:
    with pytest.raises(openai.APIStatusError) as unreadable, bad_files["text"].open("rb") as file:
        client.audio.transcriptions.create(model="scripted", file=file, stream=True)
    assert unreadable.value.status_code == 415
    assert "letter.wav" in unreadable.value.message
    wait_until(lambda: temporary_files(server) == [])


def test_an_error_on_the_way_ends_the_stream_and_the_client_raises_it(
    client: openai.OpenAI, by_the_second: ScriptedPlugin, spoken: Path, server: Any
) -> None:
    def fail_later(clip: AudioClip) -> str | Exception:
        later = len(by_the_second.journal.calls) > 1
        return EngineError("The device is gone.", hint="Plug it in.") if later else "we begin"

    by_the_second.script = fail_later
    with spoken.open("rb") as file:
        events = client.audio.transcriptions.create(model="scripted", file=file, stream=True)
    first = next(events)
    with pytest.raises(openai.APIError, match=r"The device is gone\."):
        next(events)
    assert first.delta == "we begin"
    wait_until(lambda: temporary_files(server) == [])


def test_who_stops_reading_stops_the_work_and_the_recording_is_deleted(
    server: Any, spoken: Path, by_the_second: ScriptedPlugin
) -> None:
    by_the_second.delay_seconds = 0.5
    with post(server, spoken, stream="true") as response:
        next(response.iter_lines())
        assert len(temporary_files(server)) == 1
    wait_until(lambda: temporary_files(server) == [])
    made = len(by_the_second.journal.calls)
    time.sleep(0.8)
    assert len(by_the_second.journal.calls) == made < 4


def test_who_goes_away_frees_the_engine_for_the_next(server: Any, spoken: Path, by_the_second: ScriptedPlugin) -> None:
    """Within a second of the end of the call under way."""
    by_the_second.delay_seconds = 0.3
    with post(server, spoken, stream="true") as response:
        next(response.iter_lines())
    left = time.monotonic()
    by_the_second.delay_seconds = 0.0
    with post(server, spoken) as response:
        assert response.read()
    assert time.monotonic() - left < 0.3 + 1
    wait_until(lambda: temporary_files(server) == [], seconds=1)


@pytest.mark.parametrize("streamed", ["true", "false"])
def test_who_goes_away_while_a_long_file_is_looked_through_stops_that(
    server: Any, spoken: Path, by_the_second: ScriptedPlugin, monkeypatch: pytest.MonkeyPatch, streamed: str
) -> None:
    """Nobody is sent anything before there is text, so an error in the file is an ordinary one until then."""
    looked = Looked(spans=100)
    monkeypatch.setattr(transcription, "transcribe_recording", looked)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{server.url}/v1/audio/transcriptions",
            data={"model": "scripted", "stream": streamed},
            files={"file": spoken.read_bytes()},
            timeout=0.5,
        )
    wait_until(lambda: looked.ended, seconds=1)
    assert 0 < looked.seen < 100
    wait_until(lambda: temporary_files(server) == [], seconds=1)


class Looked:
    """Looks through a long file, 0.1 s for every stretch of it."""

    def __init__(self, spans: int) -> None:
        self.seen = 0
        self.ended = False
        self._spans = spans

    def __call__(self, *_: Any, **__: Any) -> Generator[Surveying, None, None]:
        try:
            while self.seen < self._spans:
                time.sleep(0.1)
                self.seen += 1
                yield Surveying(seconds=float(self.seen), duration_seconds=None)
        finally:
            self.ended = True


# Times of words, and speakers ----------------------------------------------------------------------------------------


@pytest.fixture
def with_words(scripted: ScriptedPlugin) -> ScriptedPlugin:
    """An engine with times of words, which it gives when it is asked for them."""
    scripted.capabilities |= {"word_timestamps"}
    words = (Word(start=0.1, end=0.4, text="Shall", confidence=0.9), Word(start=0.5, end=1.2, text="we?"))
    segments = (
        Segment(start=0.0, end=1.5, text="Shall we?", words=words),
        Segment(start=1.5, end=3.4, text="好", words=(Word(start=1.6, end=2.0, text="好"),)),
    )
    scripted.script = {"*": Hypothesis(text="Shall we? 好", raw="", language="en", segments=segments, finish="eos")}
    return scripted


def test_the_openai_client_gets_words(client: openai.OpenAI, spoken: Path, with_words: ScriptedPlugin) -> None:
    with spoken.open("rb") as file:
        answer = client.audio.transcriptions.create(
            model="scripted", file=file, response_format="verbose_json", timestamp_granularities=["word", "segment"]
        )
    assert [(one.word, one.start, one.end) for one in answer.words or ()] == [
        ("Shall", 0.1, 0.4), ("we?", 0.5, 1.2), ("好", 1.6, 2.0),
    ]  # fmt: skip
    assert [one.text for one in answer.segments or ()] == ["Shall we?", "好"]
    assert answer.usage is not None
    assert answer.usage.seconds == 3.4
    assert with_words.journal.calls[0].options.word_times


@pytest.mark.parametrize(("asked", "held"), [(["word"], {"words"}), (["segment"], {"segments"}), ([], {"segments"})])
def test_only_what_was_asked_for_is_held(
    client: openai.OpenAI, spoken: Path, with_words: ScriptedPlugin, asked: Any, held: set[str]
) -> None:
    with spoken.open("rb") as file:
        answer = client.audio.transcriptions.create(
            model="scripted", file=file, response_format="verbose_json", timestamp_granularities=asked
        )
    assert {name for name in ("words", "segments") if getattr(answer, name) is not None} == held
    assert with_words.journal.calls[0].options.word_times is ("words" in held)


@pytest.fixture
def two_voices(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = [Turn(start=0, end=1.5, speaker="1"), Turn(start=1.5, end=5, speaker="2")]
    monkeypatch.setattr(transcription, "find_turns", lambda path, *, speakers, channel: turns)
    monkeypatch.setattr(transcription, "check_speakers", lambda speakers: None)


@pytest.mark.usefixtures("two_voices")
def test_the_openai_client_gets_who_said_it(client: openai.OpenAI, spoken: Path, with_words: ScriptedPlugin) -> None:
    with spoken.open("rb") as file:
        answer = client.audio.transcriptions.create(
            model="scripted", file=file, response_format="diarized_json", chunking_strategy="auto"
        )
    strict = TranscriptionDiarized.model_validate(answer.model_dump(), strict=True)
    assert (strict.text, strict.task, strict.duration) == ("Shall we? 好", "transcribe", 3.4)
    assert [(one.speaker, one.text, one.start, one.end) for one in strict.segments] == [
        ("A", "Shall we?", 0.0, 1.5), ("B", "好", 1.5, 3.4),
    ]  # fmt: skip
    assert len({one.id for one in strict.segments}) == 2
    assert strict.usage is not None
    assert [one["name"] for one in (answer.model_extra or {})["speakers"]] == ["Speaker 1", "Speaker 2"]


@pytest.mark.usefixtures("two_voices")
def test_who_said_it_comes_when_all_was_heard(client: openai.OpenAI, spoken: Path, with_words: ScriptedPlugin) -> None:
    with spoken.open("rb") as file:
        delta, *segments, done = client.audio.transcriptions.create(
            model="scripted", file=file, response_format="diarized_json", stream=True
        )
    assert (delta.type, done.type) == ("transcript.text.delta", "transcript.text.done")
    assert all(isinstance(one, TranscriptionTextSegmentEvent) for one in segments)
    assert [(one.speaker, one.text) for one in segments] == [("A", "Shall we?"), ("B", "好")]


def test_voices_to_be_known_are_refused(client: openai.OpenAI, spoken: Path) -> None:
    with (
        pytest.raises(openai.BadRequestError, match="not held against recordings of their voices"),
        spoken.open("rb") as file,
    ):
        client.audio.transcriptions.create(
            model="scripted", file=file, response_format="diarized_json",
            known_speaker_names=["Zhang"], known_speaker_references=["data:audio/wav;base64,AAAA"],
        )  # fmt: skip


@pytest.mark.parametrize(("label", "shown"), [("1", "A"), ("26", "Z"), ("27", "AA"), ("2+3", "B+C"), ("", "")])
def test_speakers_are_named_by_letters(label: str, shown: str) -> None:
    assert _letters(label) == shown


@pytest.mark.usefixtures("two_voices")
def test_speakers_are_an_extra_field(client: openai.OpenAI, spoken: Path, with_words: ScriptedPlugin) -> None:
    with spoken.open("rb") as file:
        answer = client.audio.transcriptions.create(
            model="scripted", file=file, response_format="verbose_json",
            timestamp_granularities=["word", "segment"], extra_body={"speakers": "2"},
        )  # fmt: skip
    assert [one.model_extra["speaker"] for one in answer.segments] == ["Speaker 1", "Speaker 2"]
    assert [one.model_extra["speaker"] for one in answer.words] == ["Speaker 1", "Speaker 1", "Speaker 2"]
    assert [one["label"] for one in answer.model_extra["speakers"]] == ["1", "2"]
