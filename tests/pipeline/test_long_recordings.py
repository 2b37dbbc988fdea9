"""Files read as streams, chunks that ran out of tokens, work that was stopped, and what is kept of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip
from workbench.audio.steps import parse_chain
from workbench.audio.stream import FileSound
from workbench.engines.base import DecodeOptions, Hypothesis, Segment, Word
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.engines.scripted import Script, ScriptedPlugin, offered
from workbench.errors import EngineError, UsageError
from workbench.pipeline.journal import KEPT_DAYS
from workbench.pipeline.transcribe import ChunkDone, transcribe_recording
from workbench.pipeline.transcript import Transcript
from workbench.settings import Settings

RATE = 16_000
REF = EngineRef("scripted")
SHIPPED = sorted((Path(__file__).parents[2] / "eval_sets" / "english-demo" / "audio").glob("*.flac"))
PROGRAM = Path(__file__).with_name("killed_transcription.py")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute of speech with pauses of half a second, and one stretch without any for half a minute."""
    clips = [read_clip(path).samples for path in SHIPPED]
    parts = [part for clip in clips[:6] for part in (clip, np.zeros(RATE // 2, np.float32))]
    tight = np.concatenate([clip[np.abs(clip) > 0.004] for clip in clips[6:]])[: 20 * RATE]
    path = tmp_path_factory.mktemp("recording") / "long.flac"
    soundfile.write(path, np.concatenate([*parts, tight, *parts]), RATE, subtype="PCM_16")
    return path


def events_of(home: Path, sound: AudioClip | FileSound, *, script: Script | None = None, **asked: object):
    """Chunks, the transcript, and how often the engine was called."""
    arguments = {"chain": parse_chain(""), "options": DecodeOptions(), "chunk_seconds": 8.0} | asked
    plugin = ScriptedPlugin() if script is None else ScriptedPlugin(script=script)
    with offered(plugin):
        *chunks, last = transcribe_recording(EnginePool(Settings(home=home)), REF, sound, **arguments)  # pyright: ignore
    assert isinstance(last, Transcript)
    return [chunk for chunk in chunks if isinstance(chunk, ChunkDone)], last, plugin.journal.calls


def heard_digests(calls) -> list[str]:
    return [call.clips[0].digest for call in calls]


@pytest.mark.parametrize("chain", ["", "highpass+gain", "trim+loudness:lufs=-20"])
def test_a_file_read_as_a_stream_becomes_the_text_of_the_clip(recording: Path, tmp_path: Path, chain: str) -> None:
    whole = events_of(tmp_path, read_clip(recording), chain=parse_chain(chain), chunk_seconds=30.0)
    streamed = events_of(tmp_path, FileSound(recording, sample_rate=RATE), chain=parse_chain(chain), chunk_seconds=30.0)
    assert heard_digests(streamed[2]) == heard_digests(whole[2])
    assert len(whole[2]) >= 3
    found, expected = (replace(one[1], measurement=whole[1].measurement) for one in (streamed, whole))
    assert found == expected
    assert expected.coverage[-1].end == expected.duration_seconds == read_clip(recording).duration


def test_a_file_at_a_rate_of_its_own_is_brought_to_the_engines(recording: Path, tmp_path: Path) -> None:
    steps = parse_chain("resample:rate=22050+highpass")
    whole = events_of(tmp_path, read_clip(recording, sample_rate=None), chain=steps, chunk_seconds=30.0)
    streamed = events_of(tmp_path, FileSound(recording, sample_rate=None), chain=steps, chunk_seconds=30.0)
    assert heard_digests(streamed[2]) == heard_digests(whole[2])


def test_a_file_without_speech_is_said_to_have_none(tmp_path: Path) -> None:
    path = tmp_path / "silence.flac"
    soundfile.write(path, np.zeros(30 * RATE), RATE)
    chunks, last, calls = events_of(tmp_path, FileSound(path, sample_rate=RATE))
    assert (chunks, calls, last.text, last.complete) == ([], [], "", True)
    assert [tile.kind for tile in last.coverage] == ["silence"]


def test_coverage_and_progress_account_for_the_whole_recording(recording: Path, tmp_path: Path) -> None:
    chunks, last, _ = events_of(tmp_path, read_clip(recording))
    assert last.coverage[0].start == 0
    assert last.coverage[-1].end == last.duration_seconds
    assert all(left.end == right.start for left, right in pairwise(last.coverage))
    assert all(chunk.duration_seconds == last.duration_seconds for chunk in chunks)
    left = [chunk.eta_seconds for chunk in chunks]
    assert all(one is not None and one >= 0 for one in left)
    assert left[-1] == 0
    assert left[0] > 0


# Running out of tokens -----------------------------------------------------------------------------------------------


def able_to_write(seconds: float) -> Script:
    """Says the clip's length; runs out of tokens on clips that are longer than so many seconds."""

    def answer(clip: AudioClip) -> Hypothesis:
        finish = "eos" if clip.duration <= seconds else "length"
        text = f"{clip.duration:.2f} seconds of speech in this stretch of the recording"
        return Hypothesis(text=text, raw=text, finish=finish)

    return answer


def test_a_chunk_that_ran_out_of_tokens_is_cut_and_heard_again(recording: Path, tmp_path: Path) -> None:
    _, last, calls = events_of(tmp_path, read_clip(recording), script=able_to_write(4))
    assert last.complete
    assert last.hypothesis.finish == "eos"
    assert not any(flag.is_missing for flag in last.flags)
    _, whole, _ = events_of(tmp_path, read_clip(recording), script=able_to_write(100))
    halves = [call.clips[0] for call in calls if call.clips[0].duration <= 4]
    assert sum(one.duration for one in halves) == pytest.approx(
        sum(one.end - one.start for one in whole.coverage if one.kind != "silence"), abs=0.01
    )
    assert [one.end for one in last.segments[:-1]] <= [one.start + 1e-9 for one in last.segments[1:]]
    assert len(last.segments) == len(halves)


def test_what_still_does_not_fit_is_named_with_its_time(recording: Path, tmp_path: Path) -> None:
    clip = read_clip(recording).cut(0, 7)

    def stuck_at_the_start(one: AudioClip) -> Hypothesis:
        fits = one.offset_seconds > 0.5 and one.duration < 4
        text = "nobody knows how this goes on" if one.duration < 4 else "this is where it would have gone on and on"
        return Hypothesis(text=text, raw="", finish="eos" if fits else "length")

    _, last, calls = events_of(tmp_path, clip, script=stuck_at_the_start)
    stuck = [flag for flag in last.flags if flag.kind == "cut_off"]
    assert not last.complete
    assert [flag.start for flag in stuck] == [0]
    assert 1 <= stuck[0].end < 3
    assert min(call.clips[0].duration for call in calls) >= 1
    assert last.coverage[0].kind == "flagged"
    assert last.coverage[0].end == stuck[0].end
    assert "From 00:00:00 to" in last.warnings[0]


def test_a_loop_is_not_cut_for_ever(recording: Path, tmp_path: Path) -> None:
    looping = Hypothesis(text="so on and " * 60, raw="", finish="length")
    _, last, calls = events_of(tmp_path, read_clip(recording), script={"*": looping}, chunk_seconds=40.0)
    assert len(calls) < 12
    assert {flag.kind for flag in last.flags} >= {"cut_off", "loop"}


# Overlap -------------------------------------------------------------------------------------------------------------


def words_every_half_second(clip: AudioClip) -> Hypothesis:
    """Each half second of the recording has a word of its own; those that the clip cuts are torn."""
    first, end = clip.offset_seconds * 2, (clip.offset_seconds + clip.duration) * 2
    words = [f"w{number}" for number in range(int(np.ceil(first)), int(end))]
    words = ([] if first == int(first) else ["rn"]) + words + ([] if end == int(end) else ["to"])
    text = " ".join(words)
    return Hypothesis(text=text, raw=text, finish="eos")


def test_an_overlap_writes_every_word_once(recording: Path, tmp_path: Path) -> None:
    samples = read_clip(recording).samples
    quiet = np.abs(samples) < 0.004
    clip = AudioClip(samples=samples[~quiet][: 40 * RATE], sample_rate=RATE)  # speech without a pause
    asked = {"script": words_every_half_second, "chunk_seconds": 10.0}
    _, torn, _ = events_of(tmp_path, clip, **asked)
    assert {"rn", "to"} & set(torn.text.split())
    chunks, last, calls = events_of(tmp_path, clip, overlap_seconds=2.0, **asked)
    assert any(left.clips[0].offset_seconds + left.clips[0].duration > right.clips[0].offset_seconds + 1.9
               for left, right in pairwise(calls))  # fmt: skip
    assert all(call.clips[0].duration <= 10.001 for call in calls)
    inner = [word for word in last.text.split() if word.startswith("w")]
    assert inner == sorted(set(inner), key=lambda word: int(word[1:]))
    assert len(inner) >= len({word for word in torn.text.split() if word.startswith("w")})
    assert not any(flag.kind == "seam" for flag in last.flags)
    assert [one for chunk in chunks for one in chunk.segments] == list(last.segments)


def test_an_overlap_of_more_than_half_a_chunk_is_refused(recording: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not fit"):
        events_of(tmp_path, read_clip(recording), overlap_seconds=4.5)


# Stopped and gone on -------------------------------------------------------------------------------------------------


def test_what_is_done_when_it_is_stopped_can_be_had_as_a_transcript(recording: Path, tmp_path: Path) -> None:
    clip = read_clip(recording)
    with offered(ScriptedPlugin(chunk_seconds=8)):
        pool = EnginePool(Settings(home=tmp_path))
        events = transcribe_recording(pool, REF, clip, chain=parse_chain(""), options=DecodeOptions())
        done = [next(events), next(events)][-1]
        assert isinstance(done, ChunkDone)
        assert done.so_far is not None
        part = done.so_far()
        events.close()
    assert not part.complete
    assert len(part.segments) == 2
    assert [flag.kind for flag in part.flags if flag.is_missing] == ["not_transcribed"]
    assert done.end <= next(flag.start for flag in part.flags if flag.is_missing) < done.end + 3
    assert part.coverage[-1].kind == "flagged"
    assert part.coverage[-1].end == clip.duration


def run(recording: Path, home: Path, *, overlap: float = 0, kill_after: int | None = None) -> list[str]:
    command = [sys.executable, str(PROGRAM), str(recording), str(home), str(overlap)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said: list[str] = []
        while len(said) != kill_after and (line := process.stdout.readline()):
            said.append(line.strip())
        if kill_after is not None:
            time.sleep(0.01)  # within the next chunk
            process.kill()
    assert (process.returncode == 0) == (kill_after is None)
    return said


@pytest.mark.parametrize("overlap", [0, 1.5])
def test_killed_and_gone_on_is_as_if_never_killed(recording: Path, tmp_path: Path, overlap: float) -> None:
    *chunks, text, times, state = run(recording, tmp_path / "whole", overlap=overlap)
    assert len(chunks) > 6
    killed = tmp_path / "killed"
    run(recording, killed, overlap=overlap, kill_after=2)
    (journal,) = (killed / "transcripts").glob("*/chunks.jsonl")
    assert [one.stat().st_mode & 0o077 for one in (journal, journal.parent, journal.parent.parent)] == [0, 0, 0]
    with journal.open("ab") as file:
        file.write(b'{"crc": "0123')  # what a crash in the middle of a line leaves
    run(recording, killed, overlap=overlap, kill_after=5)
    *again, text_again, times_again, state_again = run(recording, killed, overlap=overlap)
    assert (text_again, times_again, state_again) == (text, times, state)
    assert len(again) == len(chunks)
    assert int(again[-1].split()[1]) <= len(chunks) - 4  # calls of the engine in the last process
    assert list((killed / "transcripts").iterdir()) == []


def kept(home: Path) -> list[Path]:
    return list((home / "transcripts").glob("*/chunks.jsonl"))


def test_another_question_does_not_go_on_with_the_old_answer(recording: Path, tmp_path: Path) -> None:
    count = iter(range(100))

    def fails_once(clip: AudioClip) -> str | EngineError:
        return EngineError("It stumbled.") if next(count) == 3 else "well"

    clip = read_clip(recording)
    asked = {"journals": tmp_path / "transcripts"}
    with pytest.raises(EngineError, match="stumbled"):
        events_of(tmp_path, clip, script=fails_once, **asked)
    assert len(kept(tmp_path)) == 1
    total = len(events_of(tmp_path, clip)[2])
    others = {"options": DecodeOptions(context="KPI")}, {"chain": parse_chain("gain")}, {"chunk_seconds": 6.0}
    for other in others:
        assert len(events_of(tmp_path, clip, **asked, **other)[2]) >= total
    # The last has the same key but another plan, and began it anew; delivered, it is gone.
    assert kept(tmp_path) == []


def test_the_same_question_goes_on_and_leaves_nothing_behind(recording: Path, tmp_path: Path) -> None:
    clip = read_clip(recording)
    asked = {"journals": tmp_path / "transcripts"}
    with offered(ScriptedPlugin(chunk_seconds=8)):
        pool = EnginePool(Settings(home=tmp_path))
        events = transcribe_recording(pool, REF, clip, chain=parse_chain(""), options=DecodeOptions(), **asked)
        for _ in range(3):
            next(events)
        events.close()
    _, whole, calls = events_of(tmp_path / "other", clip)
    _, last, rest = events_of(tmp_path, clip, **asked)
    assert len(rest) == len(calls) - 3
    assert replace(last, measurement=whole.measurement) == whole
    assert last.measurement.wall_seconds > 0
    assert list((tmp_path / "transcripts").iterdir()) == []


def test_a_damaged_line_costs_what_comes_after_it(recording: Path, tmp_path: Path) -> None:
    clip = read_clip(recording)
    asked = {"journals": tmp_path / "transcripts"}
    stumble = iter([*["well"] * 4, EngineError("It stumbled.")])
    with pytest.raises(EngineError):
        events_of(tmp_path, clip, script=lambda clip: next(stumble), **asked)
    (journal,) = kept(tmp_path)
    lines = journal.read_bytes().splitlines(keepends=True)
    assert len(lines) == 5
    lines[3] = lines[3].replace(b"well", b"Well")
    journal.write_bytes(b"".join(lines))
    chunks, last, calls = events_of(tmp_path, clip, script={"*": "well"}, **asked)
    assert len(calls) == len(chunks) - 2
    assert last.text == " ".join(["well"] * len(chunks))


def test_the_transcript_is_kept_until_it_was_delivered(recording: Path, tmp_path: Path) -> None:
    with offered(ScriptedPlugin(chunk_seconds=8)):
        pool = EnginePool(Settings(home=tmp_path))
        asked = {"chain": parse_chain(""), "options": DecodeOptions(), "journals": tmp_path / "transcripts"}
        events = transcribe_recording(pool, REF, read_clip(recording), **asked)  # pyright: ignore
        assert any(isinstance(event, Transcript) for event in events if isinstance(event, Transcript) or kept(tmp_path))
        events = transcribe_recording(pool, REF, read_clip(recording), **asked)  # pyright: ignore
        while not isinstance(next(events), Transcript):
            pass
        events.close()  # whoever took it could not write it
    assert len(kept(tmp_path)) == 1


def test_two_at_once_do_not_write_into_one_journal(recording: Path, tmp_path: Path) -> None:
    with offered(ScriptedPlugin(chunk_seconds=8)):
        pool = EnginePool(Settings(home=tmp_path))
        asked = {"chain": parse_chain(""), "options": DecodeOptions(), "journals": tmp_path / "transcripts"}
        first = transcribe_recording(pool, REF, read_clip(recording), **asked)  # pyright: ignore
        next(first)
        *_, second = transcribe_recording(pool, REF, read_clip(recording), **asked)  # pyright: ignore
        assert len(kept(tmp_path)) == 1
        *_, last = first
    assert isinstance(last, Transcript)
    assert isinstance(second, Transcript)
    assert last.text == second.text


def test_a_full_disk_costs_no_text(recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    chunks, last, calls = events_of(tmp_path, read_clip(recording), journals=tmp_path / "transcripts")
    assert len(chunks) == len(calls)
    assert last.complete


def test_what_nobody_came_back_for_is_deleted_after_a_week(recording: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "transcripts" / "old", tmp_path / "transcripts" / "new"
    for folder, days in ((old, KEPT_DAYS + 1), (new, KEPT_DAYS - 1)):
        folder.mkdir(parents=True)
        (folder / "chunks.jsonl").write_text("{}")
        age = time.time() - days * 86_400
        os.utime(folder / "chunks.jsonl", (age, age))
    events_of(tmp_path, read_clip(recording), journals=tmp_path / "transcripts")
    assert not old.exists()
    assert new.exists()


def test_a_short_recording_leaves_no_trace(tmp_path: Path) -> None:
    events_of(tmp_path, read_clip(SHIPPED[0]), journals=tmp_path / "transcripts", chunk_seconds=30.0)
    assert not (tmp_path / "transcripts").exists()


# Times of words ------------------------------------------------------------------------------------------------------


def test_words_get_the_times_of_the_recording(recording: Path, tmp_path: Path) -> None:
    def answer(clip: AudioClip) -> Hypothesis:
        words = (Word(start=0.5, end=0.9, text="well", confidence=0.5), Word(start=1, end=99, text="then"))
        part = Segment(start=0.5, end=99, text="well then", words=words)
        return Hypothesis(text="well then", raw="well then", segments=(part,), finish="eos")

    chunks, last, _ = events_of(tmp_path, read_clip(recording), script=answer)
    for chunk, segment in zip(chunks, last.segments, strict=True):
        assert [word.text for word in segment.words] == ["well", "then"]
        assert segment.words[0].start == pytest.approx(chunk.start + 0.5)
        assert segment.words[0].confidence == 0.5
        assert segment.words[1].end <= last.duration_seconds
