"""Voice activity: speech is found where it was put, silence and noise are not speech."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import silero_vad
import soxr
from hypothesis import given
from hypothesis import strategies as st

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip
from workbench.audio.segment import Span, plan_chunks
from workbench.audio.vad import SpeechDetector, speech_spans, spoken_ranges


def _clip(samples, rate=16_000) -> AudioClip:
    return AudioClip(samples=np.asarray(samples, np.float32), sample_rate=rate)


@pytest.fixture(scope="module")
def utterances(speech) -> list[AudioClip]:
    rows = [json.loads(line) for line in (speech / "manifest.jsonl").read_text().splitlines()]
    chosen = [row for row in rows if row["category"] == "english"][:6]
    return [read_clip(speech / row["audio_filepath"]) for row in chosen]


@pytest.mark.parametrize(
    "samples", [np.zeros(80_000), np.zeros(100), 0.05 * np.random.default_rng(0).normal(size=80_000)]
)
def test_silence_and_noise_are_not_speech(samples):
    assert speech_spans(_clip(samples)) == []


@pytest.mark.speech
def test_speech_between_silences_is_found_at_its_place(utterances):
    silence = np.zeros(5 * 16_000, np.float32)
    for utterance in utterances:
        spans = speech_spans(_clip(np.concatenate([silence, utterance.samples, silence])))
        end = 5 + utterance.duration
        assert 4.9 <= spans[0].start <= 5 + 0.5 * utterance.duration
        assert 5 + 0.5 * utterance.duration <= spans[-1].end <= end + 0.6
        assert sum(span.duration for span in spans) > 0.4 * utterance.duration


@pytest.mark.speech
@pytest.mark.parametrize("rate", [8_000, 44_100])
def test_other_rates_are_heard_at_16_khz(utterances, rate):
    clip = utterances[0]
    other = _clip(soxr.resample(clip.samples, 16_000, rate), rate)
    spans, others = speech_spans(clip), speech_spans(other)
    assert abs(sum(one.duration for one in spans) - sum(one.duration for one in others)) < 0.05 * clip.duration
    assert others[-1].end <= other.duration


@pytest.mark.speech
def test_threads_do_not_disturb_each_other(utterances):
    alone = [speech_spans(clip) for clip in utterances]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(speech_spans, utterances * 4))
    assert together == alone * 4


@pytest.mark.speech
def test_chunks_of_a_long_recording_are_cut_in_its_pauses(utterances):
    pause = np.zeros(8_000, np.float32)
    clip = _clip(np.concatenate([part for one in utterances * 3 for part in (one.samples, pause)]))
    chunks = plan_chunks(clip, speech_spans(clip), max_seconds=30)
    assert all(chunk.duration <= 30 for chunk in chunks)
    loudness = np.sqrt(np.mean(clip.samples**2))
    for chunk in chunks:
        for moment in (chunk.start, chunk.end):
            around = clip.samples[max(0, round((moment - 0.02) * 16_000)) : round((moment + 0.02) * 16_000)]
            assert np.sqrt(np.mean(around**2)) < 0.5 * loudness


@pytest.mark.speech
@pytest.mark.parametrize("size", [512, 7_000, 300_000])
def test_a_stream_is_heard_as_silero_hears_the_whole(utterances, size):
    whole = np.concatenate([np.pad(one.samples, (9_000, 3_000)) for one in utterances])
    silero = silero_vad.load_silero_vad(sequence=True)
    theirs = silero_vad.get_speech_timestamps_sequence(whole, silero)
    detector = SpeechDetector(16_000, twice=False)
    for first in range(0, whole.size, size):
        detector.feed(whole[first : first + size])
    assert [(round(one.start * 16_000), round(one.end * 16_000)) for one in detector.spans()] == [
        (one["start"], one["end"]) for one in theirs
    ]
    assert len(theirs) > 5


@pytest.mark.speech
@pytest.mark.parametrize("size", [512, 16_000, 300_000])
def test_a_quiet_voice_after_a_loud_one_is_heard(speech, utterances, size):
    rows = {row["id"]: row for row in map(json.loads, (speech / "manifest.jsonl").read_text().splitlines())}
    hoarse = next(row for row in rows.values() if row["text"].startswith("uh so this is the sick corpus"))
    studio = next(row for row in rows.values() if row["text"].startswith("Custom Speech provides"))
    before, quiet = (read_clip(speech / row["audio_filepath"]).samples for row in (studio, hoarse))
    whole = np.concatenate([before, np.zeros(32_000, np.float32), quiet])
    start = (before.size + 32_000) / 16_000

    def heard(*, twice: bool) -> float:
        detector = SpeechDetector(16_000, twice=twice)
        for first in range(0, whole.size, size):
            detector.feed(whole[first : first + size])
        spans = [Span(max(one.start, start), one.end) for one in detector.spans() if one.end > start]
        return sum(one.duration for one in spans)

    alone = sum(one.duration for one in speech_spans(_clip(quiet)))
    assert heard(twice=False) < 0.6 * alone  # what silero does
    assert heard(twice=True) > 0.8 * alone


@pytest.mark.speech
def test_gaps_in_which_nobody_speaks_stay_gaps(speech):
    rows = map(json.loads, (speech / "manifest.jsonl").read_text().splitlines())
    noise = [read_clip(speech / row["audio_filepath"]) for row in rows if row["category"] == "noise"]
    assert len(noise) == 8
    assert [speech_spans(clip) for clip in noise] == [[]] * 8


@given(
    probabilities=st.lists(st.one_of(st.floats(0, 1), st.sampled_from([0.1, 0.9])), max_size=120),
    rest=st.integers(0, 511),
    threshold=st.floats(0.1, 0.9),
    milliseconds=st.tuples(st.integers(0, 500), st.integers(0, 300), st.integers(0, 200)),
)
def test_probabilities_become_ranges_as_in_silero(probabilities, rest, threshold, milliseconds):
    size = max(0, len(probabilities) * 512 - rest)
    speech, pause, pad = milliseconds
    theirs = silero_vad.get_speech_timestamps_from_probs(
        probabilities,
        threshold=threshold,
        min_speech_duration_ms=speech,
        min_silence_duration_ms=pause,
        speech_pad_ms=pad,
        audio_length_samples=size,
    )
    samples = {"min_speech": speech * 16, "min_pause": pause * 16, "pad": pad * 16}
    ours = spoken_ranges(probabilities, size, threshold=threshold, **samples)
    assert ours == [(one["start"], one["end"]) for one in theirs]


def test_no_torch_is_loaded_for_it():
    program = (
        "import numpy as np, sys; from workbench.audio.clip import AudioClip\n"
        "from workbench.audio.vad import speech_spans\n"
        "speech_spans(AudioClip(samples=np.zeros(1600, np.float32), sample_rate=16000)); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
