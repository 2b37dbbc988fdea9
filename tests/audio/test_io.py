"""Every format gives the sound that was put in, mixed to the mean of its channels."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.audio.clip import AudioClip
from workbench.audio.decoder import open_decoder
from workbench.audio.decoding_pool import POOL
from workbench.audio.io import probe, read_clip, stream, write_clip
from workbench.errors import AudioTooLong, UsageError

WAV_SUBTYPES = {"PCM_16": 1e-4, "PCM_24": 1e-6, "FLOAT": 1e-7, "PCM_U8": 0.01, "ALAW": 0.06, "ULAW": 0.06}

# suffix, codec, rate, lowest correlation with the original, longest delay in samples at 16 kHz
FORMATS = [
    ("flac", "flac", 48_000, 0.9999, 0),
    ("mp3", "libmp3lame", 44_100, 0.98, 1),
    ("m4a", "aac", 48_000, 0.99, 1),
    ("m4a", "alac", 48_000, 0.9999, 0),
    ("aac", "aac", 48_000, 0.95, 342),  # bare frames cannot say that the first 1024 samples are the encoder's
    ("opus", "libopus", 48_000, 0.95, 1),
    ("webm", "libopus", 48_000, 0.95, 1),
    ("mkv", "flac", 48_000, 0.9999, 0),
    ("mka", "aac", 48_000, 0.99, 1),
    ("aiff", "pcm_s16be", 48_000, 0.9999, 0),
    ("caf", "pcm_s16le", 48_000, 0.9999, 0),
    ("wma", "wmav2", 44_100, 0.97, 744),  # FFmpeg's own pair of coder and decoder loses the first 2048 samples,
    ("au", "pcm_s16be", 8_000, 0.9999, 0),
    ("w64", "pcm_s24le", 48_000, 0.9999, 0),
    ("amr", "libopencore_amrnb", 8_000, 0.5, 100),  # a coder for the telephone's voice keeps little of noise
    ("3gp", "libopencore_amrnb", 8_000, 0.5, 100),
    ("ac3", "ac3", 48_000, 0.95, 86),
    ("ts", "aac", 48_000, 0.95, 342),
]


@pytest.mark.parametrize(("suffix", "codec", "rate", "lowest", "delay"), FORMATS)
def test_decoded_sound_is_the_encoded_one(tmp_path, make_sound, encode, likeness, suffix, codec, rate, lowest, delay):
    sound = make_sound(3.0, rate)
    path = encode(tmp_path / f"sound.{suffix}", sound, codec=codec, rate=rate)
    clip = read_clip(path)
    expected = soxr.resample(sound[:, 0], rate, 16_000, quality="VHQ")
    correlation, found_delay = likeness(expected, clip.samples)
    assert clip.sample_rate == 16_000
    assert correlation >= lowest
    assert abs(found_delay) <= delay
    assert clip.duration == pytest.approx(3.0, abs=0.1)
    assert clip.warnings == ()
    if lowest >= 0.95:
        assert np.std(clip.samples) == pytest.approx(np.std(expected), rel=0.06)


@pytest.mark.parametrize(("subtype", "tolerance"), WAV_SUBTYPES.items())
def test_wav_of_every_kind_is_exact_to_its_word_length(tmp_path, make_sound, subtype, tolerance):
    sound = make_sound(1.5, 22_050)
    path = tmp_path / "sound.wav"
    soundfile.write(path, sound, 22_050, subtype=subtype)
    clip = read_clip(path, sample_rate=None)
    assert clip.sample_rate == 22_050
    assert clip.samples.size == len(sound)
    np.testing.assert_allclose(clip.samples, sound[:, 0], atol=tolerance)


def test_ogg_vorbis(tmp_path, make_sound, likeness):
    sound = make_sound(3.0)
    path = tmp_path / "sound.ogg"
    soundfile.write(path, sound, 48_000, format="OGG", subtype="VORBIS")
    clip = read_clip(path, sample_rate=None)
    correlation, delay = likeness(sound[:, 0], clip.samples)
    assert correlation > 0.95
    assert delay == 0
    assert probe(path).codec == "vorbis"


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_sound_of_a_video(tmp_path, make_sound, encode, likeness, suffix):
    sound = make_sound(2.0)
    path = encode(tmp_path / f"talk.{suffix}", sound, codec="aac", with_video=True)
    with av.open(str(path)) as container:
        assert container.streams.video
    clip = read_clip(path, sample_rate=None)
    assert likeness(sound[:, 0], clip.samples)[0] > 0.99
    assert clip.warnings == ()


@pytest.mark.parametrize("channels", [1, 2, 3, 6, 8, 9])
def test_wav_is_the_mean_of_its_channels(tmp_path, make_sound, channels):
    sound = make_sound(1.0, 16_000, channels)
    path = tmp_path / "sound.wav"
    soundfile.write(path, sound, 16_000, subtype="FLOAT")
    assert probe(path).channels == channels
    np.testing.assert_allclose(read_clip(path).samples, sound.mean(axis=1), atol=1e-6)


@pytest.mark.parametrize("codec", ["flac", "alac", "aac", "libopus", "libvorbis-by-soundfile"])
@pytest.mark.parametrize(("layout", "channels"), [("mono", 1), ("stereo", 2), ("5.1", 6), ("7.1", 8)])
def test_coded_sound_is_the_mean_of_its_channels(tmp_path, make_sound, encode, likeness, codec, layout, channels):
    if codec == "alac" and channels == 8:
        pytest.skip("FFmpeg's ALAC encoder has no 7.1")
    sound = make_sound(2.0, 48_000, channels)
    path = tmp_path / {"flac": "a.flac", "alac": "a.m4a", "aac": "a.m4a", "libopus": "a.opus"}.get(codec, "a.ogg")
    if codec.endswith("soundfile"):
        soundfile.write(path, sound, 48_000, format="OGG", subtype="VORBIS")
    else:
        encode(path, sound, codec=codec, layout=layout)
    clip = read_clip(path, sample_rate=None)
    expected = sound.mean(axis=1)
    correlation, delay = likeness(expected, clip.samples)
    lossless = codec in ("flac", "alac")
    # One of the channels of 5.1 and 7.1 is for deep tones: coders cut off what is above.
    assert correlation > (0.9999 if lossless else 0.85)
    assert delay == 0
    assert np.std(clip.samples) == pytest.approx(np.std(expected), rel=0.001 if lossless else 0.15)


def test_opposite_channels_cancel_in_every_lossless_format(tmp_path, make_sound, encode):
    left = make_sound(1.0)
    sound = np.hstack([left, -left])
    for suffix, codec in [("flac", "flac"), ("wav", "pcm_s16le"), ("m4a", "alac"), ("aiff", "pcm_s16be")]:
        path = encode(tmp_path / f"sound.{suffix}", sound, codec=codec, layout="stereo")
        assert np.abs(read_clip(path, sample_rate=None).samples).max() < 1e-4


def test_probe_reads_the_header(tmp_path, make_sound, encode):
    path = encode(tmp_path / "sound.m4a", make_sound(2.5, 44_100, 2), codec="aac", rate=44_100, layout="stereo")
    info = probe(path)
    assert info.duration == pytest.approx(2.5, abs=0.001)
    assert (info.sample_rate, info.channels, info.codec) == (44_100, 2, "aac")
    assert "m4a" in info.container
    assert info.size_bytes == path.stat().st_size


def test_probe_gives_no_duration_where_the_file_declares_none(tmp_path, make_sound, encode):
    assert probe(encode(tmp_path / "sound.aac", make_sound(2.0), codec="aac")).duration is None
    without_count = encode(tmp_path / "s.mp3", make_sound(2.0), codec="libmp3lame", options={"write_xing": "0"})
    assert probe(without_count).duration is None
    assert probe(encode(tmp_path / "t.mp3", make_sound(2.0), codec="libmp3lame")).duration == pytest.approx(2.0)


def test_blocks_are_the_clip_and_last_about_a_second(tmp_path, make_sound, encode):
    path = encode(tmp_path / "sound.mp3", make_sound(7.3, 44_100), codec="libmp3lame", rate=44_100)
    blocks = list(stream(path))
    assert all(block.dtype == np.float32 and 0 < block.size < 2.2 * 16_000 for block in blocks)
    np.testing.assert_array_equal(np.concatenate(blocks), read_clip(path).samples)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seconds=st.floats(0.1, 5.0), block=st.floats(0.02, 7.0), rate=st.sampled_from([8_000, 44_100, 48_000]))
def test_block_size_changes_no_sample(tmp_path, make_sound, monkeypatch, seconds, block, rate):
    path = tmp_path / "sound.flac"
    soundfile.write(path, make_sound(seconds, rate), rate)
    whole = soxr.resample(soundfile.read(path, dtype="float32")[0], rate, 16_000, quality="VHQ")
    with monkeypatch.context() as patch:
        patch.setattr("workbench.audio.decoder._BLOCK_SECONDS", block)
        with open_decoder(path) as decoder:
            streamed = np.concatenate(list(decoder.blocks(16_000)))
    assert abs(streamed.size - whole.size) <= 1
    n = min(streamed.size, whole.size)
    np.testing.assert_allclose(streamed[:n], whole[:n], atol=1e-5)


def test_decoding_filters_what_16_khz_cannot_hold(tmp_path):
    tone = 0.5 * np.sin(2 * np.pi * 9_000 * np.arange(48_000) / 48_000)
    soundfile.write(tmp_path / "high.wav", tone, 48_000, subtype="FLOAT")
    middle = read_clip(tmp_path / "high.wav").samples[2_000:-2_000]
    assert 20 * np.log10(np.std(middle) / np.std(tone)) < -100


def test_too_long_is_told_from_the_header(tmp_path, make_sound, encode, monkeypatch):
    path = encode(tmp_path / "long.flac", make_sound(4.0), codec="flac")
    monkeypatch.setattr("workbench.audio.recording.Recording.blocks", None)  # decoding would raise TypeError
    with pytest.raises(AudioTooLong, match=r"long.flac lasts 4 s; 3 s"):
        read_clip(path, max_seconds=3)


def test_too_long_is_found_while_decoding(tmp_path, make_sound, encode):
    path = encode(tmp_path / "long.aac", make_sound(6.0), codec="aac")
    with pytest.raises(AudioTooLong):
        read_clip(path, max_seconds=3)
    assert read_clip(path, max_seconds=7).duration == pytest.approx(6.0, abs=0.1)


@pytest.mark.parametrize("suffix", ["wav", "flac", "WAV"])
def test_16_bit_sound_comes_back_the_same(tmp_path, suffix):
    steps = np.random.default_rng(1).integers(-32768, 32768, 100_000)
    clip = AudioClip(samples=(steps / 32768).astype(np.float32), sample_rate=16_000, source="made")
    write_clip(clip, tmp_path / f"out.{suffix}")
    again = read_clip(tmp_path / f"out.{suffix}")
    assert again.digest == clip.digest
    assert again.source == f"out.{suffix}"


def test_writing_clips_what_is_too_loud(tmp_path):
    samples = np.array([2.0, -2.0, 0.5], np.float32)
    write_clip(AudioClip(samples=samples, sample_rate=16_000), tmp_path / "loud.wav")
    np.testing.assert_allclose(read_clip(tmp_path / "loud.wav").samples, [1.0, -1.0, 0.5], atol=1e-4)


@pytest.mark.parametrize(("name", "sentence"), [("a.mp3", "neither"), ("no/folder/a.wav", "cannot be written")])
def test_writing_elsewhere_is_refused(tmp_path, name, sentence):
    clip = AudioClip(samples=np.ones(10, np.float32), sample_rate=16_000)
    with pytest.raises(UsageError, match=sentence):
        write_clip(clip, tmp_path / name)


def test_closing_the_stream_closes_the_file(tmp_path, make_sound, encode):
    path = encode(tmp_path / "sound.flac", make_sound(5.0), codec="flac")
    blocks = stream(path)
    next(blocks)
    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc to see open files")
    assert str(path) in _files_of_decoders()
    blocks.close()
    assert str(path) not in _files_of_decoders()


def _files_of_decoders() -> list[str]:
    """What the processes that decode for this one hold open."""
    return [
        str(fd.readlink())
        for child in POOL.children
        for fd in Path(f"/proc/{child.pid}/fd").iterdir()
        if fd.is_symlink()
    ]


MEASURE = """
import resource, sys
from pathlib import Path
from workbench.audio.io import read_clip, stream
path, how = Path(sys.argv[1]), sys.argv[2]
count = sum(block.size for block in stream(path)) if how == "stream" else read_clip(path).samples.size
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def _peak_mib(path: Path, how: str) -> tuple[int, float]:
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path), how], capture_output=True, text=True, check=True)
    count, kib = map(int, done.stdout.split())
    return count, kib / 1024


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux only")
def test_memory_of_a_stream_does_not_grow_with_the_file(tmp_path, make_sound):
    minute = make_sound(60.0, 8_000)
    paths = {}
    for minutes in (1, 30):
        paths[minutes] = tmp_path / f"{minutes}.flac"
        with soundfile.SoundFile(paths[minutes], "w", 8_000, 1) as file:
            for _ in range(minutes):
                file.write(minute)
    count, long_peak = _peak_mib(paths[30], "stream")
    assert count == 30 * 60 * 16_000
    assert long_peak - _peak_mib(paths[1], "stream")[1] < 12
    # a clip is its samples at 16 kHz, 110 MiB here, and little more
    count, clip_peak = _peak_mib(paths[30], "clip")
    assert clip_peak - long_peak < 1.15 * count * 4 / 2**20
