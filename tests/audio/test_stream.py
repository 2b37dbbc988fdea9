"""A recording read as a stream is, sample for sample, the one that is held in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip
from workbench.audio.steps import Chain, Step, list_steps, parse_chain
from workbench.audio.stream import Cutter, FileSound, SoundStream
from workbench.audio.streamed_chain import can_stream, stream_at_rate, stream_chain
from workbench.errors import AudioInvalid, AudioTooLong, UsageError

CHAINS = (
    "",
    "highpass",
    "gain",
    "loudness",
    "loudness:lufs=-6",
    "trim",
    "resample:rate=11025",
    "resample:rate=48000+highpass:cutoff=200,order=8+gain:peak_db=-12",
    "trim:keep_seconds=0+gain+loudness:lufs=-30+highpass",
    "highpass+trim:top_db=20+trim+resample:rate=22050+loudness",
    "lowpass+dehum:base_hz=50+dehum+spectral+declip",
    "compressor+dynaudnorm:frame_ms=50,neighbours=2+resample:rate=24000,quality=1",
    "speed:factor=0.8+trim:keep_seconds=0+speed:factor=1.5+vad",
    "mp3+opus+amr+telephone",
)
RATES = (8_000, 11_025, 16_000, 44_100)


def sound(seconds: float, rate: int, seed: int, silent: bool) -> AudioClip:
    """Noise between two silences, with an offset from zero."""
    rng = np.random.default_rng(seed)
    size = max(1, round(seconds * rate))
    samples = np.zeros(size, np.float32)
    if not silent:
        samples[size // 4 : -size // 4 or None] = rng.normal(0.01, 0.2, len(samples[size // 4 : -size // 4 or None]))
    return AudioClip(samples=samples, sample_rate=rate, source="noise.wav")


def streamed(clip: AudioClip, sizes: list[int]) -> SoundStream:
    """The clip in blocks of these sizes, over and over."""

    def blocks() -> Iterator[np.ndarray]:
        first = place = 0
        while first < clip.samples.size:
            size = sizes[place % len(sizes)]
            yield clip.samples[first : first + size]
            first, place = first + size, place + 1

    return SoundStream(open=blocks, sample_rate=clip.sample_rate, source=clip.source)


@settings(max_examples=50, deadline=None)
@given(
    chain=st.sampled_from(CHAINS),
    seconds=st.floats(0.0001, 3),
    rate=st.sampled_from(RATES),
    seed=st.integers(0, 9),
    silent=st.booleans(),
    sizes=st.lists(st.integers(1, 20_000), min_size=1, max_size=4),
)
def test_a_chain_over_a_stream_is_the_chain_over_the_clip(chain, seconds, rate, seed, silent, sizes):
    clip, steps = sound(seconds, rate, seed, silent), parse_chain(chain)
    expected = steps.apply(clip)
    found = stream_chain(steps, streamed(clip, sizes if sum(sizes) > 200 else [*sizes, 5_000]))
    blocks = list(found.open())
    assert all(block.size and block.dtype == np.float32 for block in blocks)
    assert np.array_equal(np.concatenate(blocks), expected.samples)
    assert (found.sample_rate, found.offset_seconds) == (expected.sample_rate, expected.offset_seconds)
    assert found.warnings == expected.warnings
    assert (found.times is None) == (expected.times is None)
    if found.times is not None and expected.times is not None:
        assert [found.times(place / 7) for place in range(22)] == [expected.times(place / 7) for place in range(22)]
    assert np.array_equal(np.concatenate(list(found.open())), expected.samples)  # and again


@pytest.mark.speech
@pytest.mark.parametrize("chain", ["vad:keep_seconds=0.1,max_pause_seconds=0.3", "rnnoise:mix=0.7", "deepfilternet"])
def test_what_listens_to_speech_does_the_same_over_a_stream(speech, chain):
    try:
        steps = parse_chain(chain)
    except UsageError as missing:
        pytest.skip(missing.sentence)
    clip = read_clip(next((speech / "english").glob("*.flac"))).cut(0, 5)
    expected = steps.apply(clip)
    found = stream_chain(steps, streamed(clip, [700, 16_000, 5]))
    assert np.array_equal(np.concatenate(list(found.open())), expected.samples)
    assert (found.offset_seconds, found.warnings) == (expected.offset_seconds, expected.warnings)
    if expected.times is not None:
        assert found.times is not None
        assert [found.times(place / 7) for place in range(40)] == [expected.times(place / 7) for place in range(40)]
    assert ("vad" in chain) == (expected.samples.size < clip.samples.size)


def test_a_step_without_a_form_is_a_sentence():
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Reversed(Step):
        name: ClassVar[str] = "reversed"
        version: ClassVar[int] = 1
        summary: ClassVar[str] = "Backwards."

        def apply(self, clip: AudioClip) -> AudioClip:
            return clip.with_samples(clip.samples[::-1])

    chain = Chain((Reversed(),))
    assert not can_stream(chain)
    with pytest.raises(UsageError, match="The step reversed must hold the whole recording in memory"):
        stream_chain(chain, streamed(sound(1, 16_000, 0, silent=False), [100]))


def test_every_step_has_a_form_for_streams():
    assert all(can_stream(parse_chain(step.name)) for step in list_steps())


def test_a_rate_that_is_there_already_costs_nothing():
    stream = streamed(sound(1, 16_000, 0, silent=False), [4_000])
    assert stream_at_rate(stream, 16_000) is stream


def test_a_step_that_cannot_work_says_so_as_it_does_on_a_clip():
    stream = stream_chain(parse_chain("highpass:cutoff=900"), streamed(sound(1, 1_600, 0, silent=False), [100]))
    with pytest.raises(UsageError, match="cutoff is 900"):
        next(stream.open())


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    path = tmp_path / "noise.flac"
    soundfile.write(path, rng.normal(0, 0.1, (44_100 * 4, 2)), 44_100)
    return path


@pytest.mark.parametrize("rate", [16_000, None])
def test_a_file_tells_of_itself_once_it_was_read(recording: Path, rate: int | None):
    whole = read_clip(recording, sample_rate=rate)
    file = FileSound(recording, sample_rate=rate)
    assert file.facts is None
    for _ in range(2):
        assert np.array_equal(np.concatenate(list(file.blocks())), whole.samples)
        assert file.facts is not None
        assert (file.facts.digest, file.facts.samples, file.facts.warnings) == (whole.digest, whole.samples.size, ())
    clip = file.clip()
    assert clip is not None
    assert (clip.digest, clip.source, clip.sample_rate) == (whole.digest, whole.source, whole.sample_rate)


def test_only_a_file_that_fits_becomes_a_clip(recording: Path):
    size = read_clip(recording).samples.size
    assert FileSound(recording, sample_rate=16_000).clip(size - 1) is None
    assert FileSound(recording, sample_rate=16_000).clip(size) is not None


def test_what_a_damaged_file_lacks_is_known_at_its_end(recording: Path):
    data = recording.read_bytes()
    recording.write_bytes(data[: len(data) // 2])
    whole = read_clip(recording)
    file = FileSound(recording, sample_rate=16_000)
    list(file.blocks())
    assert file.facts is not None
    assert file.facts.warnings == whole.warnings != ()


def test_a_file_that_is_too_long_is_refused_by_its_header_or_when_it_shows(recording: Path, tmp_path: Path):
    with pytest.raises(AudioTooLong):
        FileSound(recording, sample_rate=16_000, max_seconds=3.9)
    raw = tmp_path / "noise.aac"
    with av.open(str(raw), "w") as container:
        stream = container.add_stream("aac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 64_000), np.float32), format="flt", layout="mono")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    endless = FileSound(raw, sample_rate=16_000, max_seconds=2)
    with pytest.raises(AudioTooLong):
        list(endless.blocks())


@settings(max_examples=100, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 50), min_size=1, max_size=30),
    pieces=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 200)), max_size=8),
)
def test_a_cutter_gives_the_samples_asked_for_and_holds_no_more(sizes, pieces):
    samples = np.arange(sum(sizes), dtype=np.float32)
    cutter = Cutter(np.split(samples, np.cumsum(sizes)[:-1]), source="x")
    furthest = 0
    for first, length in sorted(pieces):
        end = first + length
        if end > samples.size:
            with pytest.raises(AudioInvalid, match="shorter"):
                cutter.cut(first, end)
            return
        assert np.array_equal(cutter.cut(first, end), samples[first:end])
        furthest = max(furthest, end)
        assert cutter._held.size <= furthest + 50 - first


def test_a_cutter_does_not_go_back():
    cutter = Cutter([np.zeros(100, np.float32)], source="x")
    cutter.cut(50, 60)
    with pytest.raises(ValueError, match="forgotten"):
        cutter.cut(49, 60)
