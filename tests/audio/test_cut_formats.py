"""Recordings of every format cut at many places: none is taken for whole where its length is declared."""

from __future__ import annotations

from pathlib import Path

import pytest
from cut_formats import cut_file
from sound_files import FORMATS, SoundFormat, encode, make_seeds, make_sound

from workbench.audio.io import read_clip

# Every third percent, and those at the ends, where a tolerance would hide what is missing.
PERCENTS = sorted({*range(2, 99, 6), 1, 97, 98, 99})


@pytest.mark.parametrize("name", FORMATS)
def test_no_cut_is_taken_for_the_whole(tmp_path: Path, name: str) -> None:
    (whole,) = make_seeds(tmp_path, 3.0, (name,)).values()
    report = cut_file(name, whole, PERCENTS)
    assert report.whole_warnings == ()
    assert report.faults == 0
    if report.declares:
        assert report.unseen == ()
    else:  # a cut exactly between two frames cannot be seen
        assert len(report.unseen) <= 2


@pytest.mark.parametrize("name", ["wav", "w64", "aiff", "au", "caf", "mp3", "m4a", "webm", "wma", "flv"])
def test_the_last_byte_is_missed(tmp_path: Path, name: str) -> None:
    (whole,) = make_seeds(tmp_path, 2.0, (name,)).values()
    whole.write_bytes(whole.read_bytes()[:-1])
    assert read_clip(whole).warnings


@pytest.mark.parametrize("name", ["mp3 without count", "aac", "ac3", "eac3", "amr", "mp2", "ts", "webm, live", "opus"])
@pytest.mark.parametrize("missing", [1, 2, 5])
def test_part_of_a_frame_is_missed(tmp_path: Path, name: str, missing: int) -> None:
    (whole,) = make_seeds(tmp_path, 2.0, (name,)).values()
    whole.write_bytes(whole.read_bytes()[:-missing])
    assert read_clip(whole).warnings


@pytest.mark.parametrize("tag", [b"TAG" + bytes(125), b"APETAGEX" + (2000).to_bytes(4, "little") + (32).to_bytes(4, "little") + bytes(16), bytes(1000), b"Lyrics3 and other things that follow"])  # fmt: skip  # noqa: E501
@pytest.mark.parametrize("name", ["mp3", "mp3 without count", "wav", "flac"])
def test_what_other_programs_put_behind_the_sound_is_no_cut(tmp_path: Path, name: str, tag: bytes) -> None:
    (whole,) = make_seeds(tmp_path, 2.0, (name,)).values()
    whole.write_bytes(whole.read_bytes() + tag)
    assert not any("cut off" in warning for warning in read_clip(whole).warnings)


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("codec", ["libmp3lame", "mp2", "aac", "ac3"])
def test_frames_of_every_rate_are_followed_to_the_end(tmp_path: Path, codec: str, rate: int) -> None:
    if (codec == "ac3" and rate < 32_000) or (codec == "mp2" and rate == 8_000):
        pytest.skip(f"{codec} has no {rate} Hz")
    kind = SoundFormat({"libmp3lame": "mp3"}.get(codec, codec), codec, "", rate, options={"write_xing": "0"} if codec == "libmp3lame" else {})  # fmt: skip  # noqa: E501
    path = kind.write(tmp_path / f"sound.{kind.suffix}", make_sound(2.0, rate))
    assert read_clip(path).warnings == ()
    path.write_bytes(path.read_bytes()[:-3])
    assert read_clip(path).warnings


@pytest.mark.parametrize("layout", ["stereo", "5.1"])
@pytest.mark.parametrize(
    ("suffix", "codec"), [("ts", "aac"), ("avi", "pcm_s16le"), ("webm", "libopus"), ("ac3", "ac3")]
)
def test_whole_recordings_of_many_channels_are_whole(tmp_path: Path, suffix: str, codec: str, layout: str) -> None:
    path = tmp_path / f"sound.{suffix}"
    encode(path, make_sound(2.0, 48_000, {"stereo": 2, "5.1": 6}[layout]), codec, 48_000, layout)
    assert read_clip(path).warnings == ()
