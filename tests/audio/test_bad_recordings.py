"""What is no recording, or a damaged one, is a sentence of its own."""

from __future__ import annotations

import contextlib
import os
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from workbench.audio.io import probe, read_clip, stream
from workbench.errors import AudioInvalid, AudioNotFound, AudioTooLong, AudioUnreadable


def _refused(path: Path, error: type[Exception] = AudioUnreadable) -> str:
    """The sentence with which all three ways of reading refuse the file."""
    with pytest.raises(error) as read:
        read_clip(path)
    with pytest.raises(error) as streamed:
        list(stream(path))
    assert str(read.value) == str(streamed.value)
    assert read.value.hint
    assert path.name in read.value.message
    return read.value.message


def test_missing_file(tmp_path):
    assert _refused(tmp_path / "gone.wav", AudioNotFound) == "There is no file gone.wav."
    (tmp_path / "file").write_text("x")
    assert "no file" in _refused(tmp_path / "file" / "below.wav", AudioNotFound)


def test_folder(tmp_path):
    assert "it is a folder" in _refused(tmp_path)


def test_name_that_no_file_can_have(tmp_path):
    assert "cannot be used" in _refused(tmp_path / ("x" * 300 + ".wav"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipe_is_refused_and_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(_refused(tmp_path / "pipe.wav")), daemon=True)
    thread.start()
    thread.join(timeout=20)
    assert said
    assert "a pipe or a device" in said[0]


def test_empty_file(tmp_path):
    (tmp_path / "empty.wav").touch()
    assert "the file is empty" in _refused(tmp_path / "empty.wav")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_forbidden_file(tmp_path):
    path = tmp_path / "secret.wav"
    soundfile.write(path, np.zeros(100), 16_000)
    path.chmod(0)
    assert "may not read it" in _refused(path)


@pytest.mark.parametrize("content", [b"Dear all, these are the minutes.\n" * 50, b"\0" * 5000, b"RIFF", b"{}"])
def test_what_is_not_audio(tmp_path, content):
    path = tmp_path / "minutes.wav"
    path.write_bytes(content)
    assert "it is not audio" in _refused(path)


def test_picture_is_not_audio(tmp_path):
    header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde"
    (tmp_path / "photo.wav").write_bytes(header + b"\0" * 200)
    _refused(tmp_path / "photo.wav")


def test_video_without_sound(tmp_path):
    import av

    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        for index in range(25):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            frame.pts = index
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    assert "it is a video without sound" in _refused(path)


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:2.0,\n{other}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{other}'\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    "dash": '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><BaseURL>{other}</BaseURL>'
    '<Period><AdaptationSet mimeType="audio/mp4"><Representation id="1" bandwidth="1"/></AdaptationSet></Period></MPD>',
}


@pytest.mark.parametrize("kind", PLAYLISTS)
@pytest.mark.parametrize("suffix", ["wav", "m3u8", "txt", "sdp", "mpd"])
def test_playlist_is_refused_and_opens_no_other_file(tmp_path, make_sound, kind, suffix):
    other = tmp_path / "private.wav"
    soundfile.write(other, make_sound(2.0, 16_000), 16_000)
    os.utime(other, (1, other.stat().st_mtime))  # an access time so old that any reading would renew it
    path = tmp_path / f"meeting.{suffix}"
    path.write_text(PLAYLISTS[kind].format(other=other))
    assert "playlist" in _refused(path) or "not audio" in _refused(path)
    assert other.stat().st_atime == 1
    other.read_bytes()
    if other.stat().st_atime == 1:
        pytest.skip("this file system keeps no access times: that nothing was read cannot be seen")


def test_the_playlists_of_this_test_do_open_other_files_where_nothing_forbids_it(tmp_path, make_sound):
    import av

    soundfile.write(tmp_path / "private.wav", make_sound(2.0, 16_000), 16_000)
    for kind, format_name in [("concat", "concat"), ("hls", "hls")]:
        path = tmp_path / f"{kind}.m3u8"
        path.write_text(PLAYLISTS[kind].format(other=tmp_path / "private.wav"))
        loose = {"allowed_extensions": "ALL", "safe": "0", "allowed_segment_extensions": "ALL", "extension_picky": "0"}
        with av.open(str(path), format=format_name, options=loose) as container:
            assert container.streams.audio


def test_header_without_samples(tmp_path):
    soundfile.write(tmp_path / "header.wav", np.empty(0), 16_000)
    assert _refused(tmp_path / "header.wav", AudioInvalid) == "header.wav holds no sound."


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("at", [0, 20_000, -1])
def test_float_samples_that_are_not_numbers(tmp_path, bad, at):
    samples = np.zeros(40_000, np.float32)
    samples[at] = bad
    soundfile.write(tmp_path / "broken.wav", samples, 44_100, subtype="FLOAT")
    assert "samples that are not numbers" in _refused(tmp_path / "broken.wav", AudioInvalid)


@pytest.mark.parametrize("rate", [1, 999, 4_000_000_000])
def test_sample_rate_of_no_recording(tmp_path, rate):
    data = bytes(2000)
    header = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 2036, b"WAVE", b"fmt ", 16, 1, 1, rate, 2, 2, 16, b"data", 2000)
    (tmp_path / "odd.wav").write_bytes(header + data)
    _refused(tmp_path / "odd.wav")


CUT = [
    ("wav", "pcm_s16le", True),
    ("flac", "flac", True),
    ("mp3", "libmp3lame", True),
    ("m4a", "aac", True),
    ("mkv", "libopus", True),
    ("webm", "libopus", True),
    ("aiff", "pcm_s16be", True),
    ("au", "pcm_s16be", True),
    ("caf", "pcm_s16le", True),
    ("opus", "libopus", False),
    ("aac", "aac", False),
]


@pytest.mark.parametrize(("suffix", "codec", "declares"), CUT)
@pytest.mark.parametrize("part", [0.12, 0.5, 0.87])
def test_cut_file_keeps_what_there_is_and_says_so(
    tmp_path, make_sound, encode, likeness, suffix, codec, declares, part
):
    sound = make_sound(10.0)
    whole = encode(tmp_path / f"whole.{suffix}", sound, codec=codec, options=_fast_start(suffix))
    assert read_clip(whole).warnings == ()
    path = tmp_path / f"meeting.{suffix}"
    path.write_bytes(whole.read_bytes()[: int(part * whole.stat().st_size)])
    clip = read_clip(path, sample_rate=None)
    assert clip.duration < 10 * part + 1
    assert likeness(sound[:, 0], clip.samples)[0] > 0.9
    assert clip.warnings
    if declares:
        assert clip.warnings[-1] == f"meeting.{suffix} declares {_declared(path):.2f} s; " + (
            f"only {clip.duration:.2f} s could be decoded."
        )
        assert probe(path).duration == pytest.approx(10.0, abs=0.05)


def _fast_start(suffix: str) -> dict[str, str]:
    return {"movflags": "faststart"} if suffix == "m4a" else {}


def _declared(path: Path) -> float:
    duration = probe(path).duration
    assert duration is not None
    return duration


def test_size_that_a_pipe_could_not_know_declares_nothing(tmp_path, make_sound):
    soundfile.write(tmp_path / "piped.wav", make_sound(2.0, 16_000), 16_000, subtype="PCM_16")
    content = bytearray((tmp_path / "piped.wav").read_bytes())
    at = content.index(b"data") + 4
    for size in (0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF800):
        content[at : at + 4] = struct.pack("<I", size)
        (tmp_path / "piped.wav").write_bytes(content)
        clip = read_clip(tmp_path / "piped.wav")
        assert probe(tmp_path / "piped.wav").duration is None
        assert (clip.duration, clip.warnings) == (2.0, ())


def test_rf64_declares_its_length(tmp_path, make_sound):
    path = tmp_path / "long.wav"
    soundfile.write(path, make_sound(2.0, 16_000), 16_000, format="RF64", subtype="PCM_16")
    assert probe(path).duration == 2.0
    path.write_bytes(path.read_bytes()[:32_000])
    assert "declares 2.00 s; only" in read_clip(path).warnings[0]


@pytest.mark.parametrize(("suffix", "codec"), [("m4a", "aac"), ("mp3", "libmp3lame")])
def test_damaged_packets_are_skipped_and_counted(tmp_path, make_sound, encode, suffix, codec):
    sound = make_sound(10.0)
    path = encode(tmp_path / f"hurt.{suffix}", sound, codec=codec, options=_fast_start(suffix))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = np.random.default_rng(3).bytes(3000)
    path.write_bytes(content)
    clip = read_clip(path, sample_rate=None)
    assert 8 < clip.duration <= 10.1
    assert "skipped; sound is missing there." in clip.warnings[0]


def test_one_flipped_bit_of_flac_is_noticed(tmp_path, make_sound, encode):
    path = encode(tmp_path / "flipped.flac", make_sound(3.0), codec="flac")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)
    clip = read_clip(path)
    assert clip.duration == pytest.approx(2.904)  # one frame of 4608 samples fails its checksum
    assert clip.warnings == ("flipped.flac declares 3.00 s; only 2.90 s could be decoded.",)


def test_file_with_nothing_but_damage(tmp_path, make_sound, encode):
    path = encode(tmp_path / "ruin.flac", make_sound(3.0), codec="flac")
    content = bytearray(path.read_bytes())
    content[100:] = np.random.default_rng(4).bytes(len(content) - 100)
    path.write_bytes(content)
    assert "no part of its sound can be decoded" in _refused(path)


def test_random_bytes_behind_honest_headers_never_raise_anything_else(tmp_path, make_sound, encode):
    rng = np.random.default_rng(5)
    for suffix, codec in [
        ("wav", "pcm_s16le"),
        ("mp3", "libmp3lame"),
        ("m4a", "aac"),
        ("opus", "libopus"),
        ("mkv", "flac"),
    ]:
        whole = encode(
            tmp_path / f"whole.{suffix}", make_sound(1.0), codec=codec, options=_fast_start(suffix)
        ).read_bytes()
        for _ in range(40):
            content = bytearray(whole)
            for at in rng.integers(0, len(content), rng.integers(1, 30)):
                content[at] = rng.integers(256)
            path = tmp_path / f"mutant.{suffix}"
            path.write_bytes(content[: rng.integers(1, len(content) + 1)])
            with contextlib.suppress(AudioUnreadable, AudioInvalid, AudioTooLong):
                assert np.isfinite(read_clip(path, max_seconds=3600).samples).all()
