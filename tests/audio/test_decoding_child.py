"""Decoding in another process: the same samples, and nothing that happens to that process happens to this one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from workbench.audio import decoding_pool, recording
from workbench.audio.decoder import open_decoder
from workbench.audio.decoding_pool import DecodingPool
from workbench.audio.held import new_file
from workbench.audio.io import probe, read_clip
from workbench.audio.recording import open_recording
from workbench.errors import AudioError, AudioTooLong, AudioUnreadable, DecoderUnavailable

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="Linux keeps these limits and tells of them in /proc")


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[DecodingPool]:
    """Processes of one test alone."""
    own = DecodingPool()
    monkeypatch.setattr(recording, "POOL", own)
    yield own
    own.close()


@pytest.fixture(scope="module")
def long_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two minutes of noise: far more than is decoded ahead."""
    path = tmp_path_factory.mktemp("sound") / "long.flac"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 120 * 16_000), 16_000)
    return path


@pytest.fixture
def short_file(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "short.wav", np.random.default_rng(1).normal(0, 0.1, 16_000), 16_000)
    return tmp_path / "short.wav"


CODED = [
    ("flac", "flac", "stereo"),
    ("mp3", "libmp3lame", "stereo"),
    ("m4a", "aac", "7.1"),
    ("opus", "libopus", "7.1"),
    ("opus", "libopus", "mono"),
    ("wav", "pcm_s24le", "5.1"),
]


@pytest.mark.parametrize(("suffix", "codec", "layout"), CODED)
@pytest.mark.parametrize("part", [1.0, 0.6])
def test_samples_figures_and_warnings_are_those_of_the_decoder(
    tmp_path, make_sound, encode, suffix, codec, layout, part
):
    channels = {"mono": 1, "stereo": 2, "5.1": 6, "7.1": 8}[layout]
    options = {"movflags": "faststart"} if suffix == "m4a" else {}
    sound = make_sound(3.3, 48_000, channels)
    path = encode(tmp_path / f"sound.{suffix}", sound, codec=codec, layout=layout, options=options)
    path.write_bytes(path.read_bytes()[: round(part * path.stat().st_size)])
    for read in (lambda one: one.blocks(16_000), lambda one: one.blocks(48_000), lambda one: one.channel_blocks()):
        with open_decoder(path) as own, open_recording(path) as other:
            expected, found = list(read(own)), list(read(other))
            if isinstance(expected[0], tuple):
                assert [rate for rate, _ in found] == [rate for rate, _ in expected]
                expected, found = [block for _, block in expected], [block for _, block in found]
            assert len(found) == len(expected)
            for first, second in zip(expected, found, strict=True):
                np.testing.assert_array_equal(first, second)
                assert second.dtype == np.float32
                assert second.flags.writeable
            assert other.info == own.info
            assert other.warnings == own.warnings
            assert bool(other.warnings) == (part < 1)
            assert (other.decoded_seconds, other.skipped_packets) == (own.decoded_seconds, own.skipped_packets)


@pytest.mark.speech
def test_every_recording_of_ours_is_the_same(speech):
    for path in sorted(speech.rglob("*.wav"))[::8]:
        with open_decoder(path) as own:
            expected = np.concatenate(list(own.blocks(16_000)))
        np.testing.assert_array_equal(read_clip(path).samples, expected)


def test_blocks_before_the_fault_come_before_the_refusal(tmp_path):
    path = tmp_path / "late.wav"
    samples = np.full(40 * 16_000, 0.1, np.float32)
    samples[-1] = np.nan
    soundfile.write(path, samples, 16_000, subtype="FLOAT")

    def heard(blocks: Iterator[np.ndarray]) -> int:
        sizes: list[int] = []
        with pytest.raises(AudioError, match="samples that are not numbers"):
            sizes.extend(block.size for block in blocks)
        return sum(sizes)

    with open_decoder(path) as own, open_recording(path) as other:
        expected = heard(own.blocks(16_000))
        assert heard(other.blocks(16_000)) == expected > 38 * 16_000


def test_a_recording_is_read_once(short_file):
    with open_recording(short_file) as one:
        list(one.blocks(16_000))
        with pytest.raises(RuntimeError, match="read once"):
            list(one.channel_blocks())


def test_the_sentence_names_the_file_as_it_is_called_and_not_where_it_lies(tmp_path):
    held = new_file(tmp_path, "my meeting.wav", b"this is a letter, and no sound at all")
    with pytest.raises(AudioUnreadable, match=r"^my meeting.wav cannot be read: it is not audio") as refused:
        probe(held)
    assert str(tmp_path) not in refused.value.sentence
    with pytest.raises(AudioUnreadable, match="the path cannot be used") as refused:
        probe(tmp_path / ("x" * 300))
    assert str(tmp_path) not in refused.value.sentence


def test_a_name_that_is_no_unicode(tmp_path, short_file):
    path = tmp_path / os.fsdecode(b"caf\xe9.wav")
    try:
        path.write_bytes(short_file.read_bytes())
    except OSError:
        pytest.skip("this file system takes no such name")
    assert read_clip(path).source == path.name
    path.write_bytes(b"no sound")
    with pytest.raises(AudioUnreadable) as refused:
        read_clip(path)
    assert refused.value.message.startswith(f"{path.name} cannot be read")


@pytest.mark.parametrize("how", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_a_crash_is_a_sentence_and_the_next_file_is_read(pool, long_file, short_file, how):
    with open_recording(short_file) as other:
        with open_recording(long_file) as one:
            doomed = set(pool.children)
            blocks = one.blocks(16_000)
            next(blocks)
            (child,) = (one for one in doomed if one.files and one is not other._child)
            os.kill(child.pid, how)
            with pytest.raises(AudioUnreadable) as crash:
                list(blocks)
        assert crash.value.kind == "crashed"
        assert crash.value.message == (
            f"long.flac cannot be read: the decoder crashed on it ({how.name}); nothing else was affected."
        )
        assert sum(block.size for block in other.blocks(16_000)) == 16_000
    assert child not in pool.children
    assert read_clip(short_file).samples.size == 16_000


def test_a_decoder_that_died_while_it_waited_is_replaced_unnoticed(pool, short_file):
    read_clip(short_file)
    (child,) = pool.children
    os.kill(child.pid, signal.SIGKILL)
    assert read_clip(short_file).samples.size == 16_000
    assert [one.files for one in pool.children] == [1]


@linux_only
def test_a_decoder_that_hangs_is_ended(pool, monkeypatch, long_file, short_file):
    with open_recording(long_file) as one, monkeypatch.context() as patch:
        (child,) = pool.children
        os.kill(child.pid, signal.SIGSTOP)
        patch.setattr(decoding_pool, "LONGEST_SECONDS", 0.3)
        with pytest.raises(AudioUnreadable, match=r"long.flac cannot be read: it takes too long to decode") as late:
            list(one.blocks(16_000))
    assert late.value.kind == "timeout"
    assert not child.alive
    assert read_clip(short_file).samples.size == 16_000


@linux_only
def test_a_file_that_needs_more_memory_than_there_is(pool, monkeypatch, tmp_path):
    path = tmp_path / "wide.wav"
    soundfile.write(path, np.full((96_000, 60), 0.1), 192_000, subtype="FLOAT")
    with monkeypatch.context() as patch:
        patch.setattr(decoding_pool, "MEMORY_BYTES", 96 * 1024**2)
        with pytest.raises(AudioUnreadable, match="decoding it takes more than 96 MB of memory") as refused:
            read_clip(path)
    assert refused.value.kind == "too_large"
    assert not pool.children
    assert read_clip(path).duration == 0.5


@linux_only
def test_memory_stays_under_half_a_gigabyte_with_the_widest_file(pool, tmp_path):
    soundfile.write(tmp_path / "wide.wav", np.full((96_000, 64), 0.1), 192_000, subtype="PCM_16")
    with open_recording(tmp_path / "wide.wav") as one:
        for _ in one.channel_blocks():
            pass
    (child,) = pool.children
    assert _memory_mb(child.pid, "VmHWM") < 300


def _memory_mb(pid: int, which: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith(which))


def test_more_channels_than_any_recording_has(tmp_path):
    soundfile.write(tmp_path / "wide.wav", np.full((1_000, 65), 0.1), 16_000)
    with pytest.raises(AudioUnreadable, match="65 channels are more than the 64 that are taken") as refused:
        read_clip(tmp_path / "wide.wav")
    assert refused.value.kind == "odd_format"


def test_more_than_a_day_of_sound_is_too_long(monkeypatch, long_file):
    monkeypatch.setattr("workbench.audio.decoder._MOST_SECONDS", 60.0)
    with pytest.raises(AudioTooLong, match="60 s is the most"), open_decoder(long_file) as decoder:
        list(decoder.blocks(16_000))


LIMITS = """
import os, resource, socket, sys
from workbench.audio import decoding_child, process_limits
assert set(process_limits.put_up(384 << 20)) == {"RLIMIT_DATA", "RLIMIT_CORE", "RLIMIT_FSIZE"}
assert decoding_child._shut_off()
process_limits.renew_time()
assert 0 < resource.getrlimit(resource.RLIMIT_CPU)[0] <= 62
def refused(act):
    try:
        act()
    except (OSError, MemoryError) as error:
        return type(error).__name__
print(refused(lambda: bytearray(400 << 20)), refused(lambda: open(sys.argv[1], "w", buffering=1).write("x\\n")),
      refused(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)))
"""


@linux_only
def test_the_limits_hold(tmp_path):
    words = [sys.executable, "-c", LIMITS, str(tmp_path / "new")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["MemoryError", "OSError", "OSError"]
    assert (tmp_path / "new").stat().st_size == 0


@linux_only
def test_every_decoder_has_the_limits(pool, short_file):
    probe(short_file)
    (child,) = pool.children
    assert child.sealed
    assert child.limits == ["RLIMIT_DATA", "RLIMIT_CORE", "RLIMIT_FSIZE"]
    limits = Path(f"/proc/{child.pid}/limits").read_text(encoding="ascii")
    assert f"Max data size             {decoding_pool.MEMORY_BYTES}" in limits


def test_ctrl_c_at_the_terminal_leaves_the_decoder_alone(pool, long_file):
    with open_recording(long_file) as one:
        blocks = one.blocks(16_000)
        size = next(blocks).size
        for child in pool.children:
            os.kill(child.pid, signal.SIGINT)
        assert size + sum(block.size for block in blocks) == 120 * 16_000


def test_a_closed_stream_frees_its_decoder_for_the_next_file(pool, long_file, short_file):
    with open_recording(long_file) as one:
        next(iter(one.blocks(16_000)))
        (child,) = pool.children
    started = time.perf_counter()
    assert read_clip(short_file).samples.size == 16_000
    assert pool.children == (child,)
    assert child.files == 2
    assert time.perf_counter() - started < 5


def test_many_at_once_each_get_their_own_sound_and_few_decoders_stay(pool, tmp_path):
    paths = []
    for place in range(6):
        paths.append(tmp_path / f"{place}.wav")
        soundfile.write(paths[-1], np.full(5 * 16_000, place / 10), 16_000, subtype="FLOAT")
    together = threading.Barrier(3)

    def read(path: Path) -> float:
        with open_recording(path) as one:
            together.wait(timeout=60)
            heard = np.concatenate(list(one.blocks(16_000)))
        assert heard.size == 5 * 16_000
        assert heard.min() == heard.max()
        return float(heard[0])

    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(read, paths)) == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert 1 <= len(pool.children) <= 2


LEFT = """
import os, signal, sys
from pathlib import Path
from workbench.audio.decoding_pool import POOL
from workbench.audio.io import stream
blocks = stream(Path(sys.argv[1]))
next(blocks)
print(*[child.pid for child in POOL.children], flush=True)
if sys.argv[2] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
"""


@linux_only
@pytest.mark.parametrize("how", ["exits", "killed"])
def test_no_decoder_outlives_who_started_it(long_file, how):
    done = subprocess.run(
        [sys.executable, "-c", LEFT, str(long_file), how], capture_output=True, text=True, check=False
    )
    assert done.returncode == (0 if how == "exits" else -signal.SIGKILL), done.stderr
    (pid,) = map(int, done.stdout.split())
    until = time.monotonic() + 10
    while _runs(pid) and time.monotonic() < until:
        time.sleep(0.02)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"  # its new parent may be slow to take note


def test_a_decoder_that_does_not_start_blames_no_file(pool, monkeypatch, short_file):
    monkeypatch.setattr(decoding_pool, "_CHILD", "workbench.no_such_module")
    with pytest.raises(DecoderUnavailable, match=r"did not start \(exit status 1\)"):
        read_clip(short_file)


LIARS = {
    "no shape": {"shapes": [[70, 70]], "rate": 1},
    "no kind": {"error": {"code": "AudioInvalid", "kind": "rude", "message": "x", "hint": ""}},
    "no class": {"error": {"code": "SystemExit", "kind": "damaged", "message": "x", "hint": ""}},
    "no figures": {"decoded_seconds": "soon"},
}


@pytest.mark.parametrize("lie", LIARS)
def test_an_answer_that_cannot_be_one_ends_the_process_that_gave_it(pool, monkeypatch, short_file, lie):
    with open_recording(short_file) as one:
        (child,) = pool.children
        monkeypatch.setattr(child, "answer", lambda: (LIARS[lie], np.empty(0, np.float32)))
        with pytest.raises(AudioUnreadable) as refused:
            list(one.blocks(16_000))
    assert refused.value.kind == "crashed"
    assert not child.alive


def test_what_reads_recordings_does_not_load_the_decoder():
    """PyAV stays in the child: what is not loaded cannot crash."""
    code = (
        "import sys, workbench.audio.io, workbench.audio.stream, workbench.audio.inspection; print('av' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
