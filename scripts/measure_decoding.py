"""What it costs that recordings are decoded in a process of their own: time, memory, and what is the same.

    python scripts/measure_decoding.py ../shared/speech --hours 1

For every recording of a folder, and for one long one made here: seconds in this process (`audio.decoder`) and through
the child (`audio.recording`), each read several times in turn; whether all samples are equal; how
much memory the child came to take, also for ten hours of silence and for eight channels at 192 kHz.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from workbench.audio.clip import Samples
from workbench.audio.decoder import open_decoder
from workbench.audio.decoding_pool import POOL
from workbench.audio.recording import open_recording

_SUFFIXES = {".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus"}
_RATE = 16_000
_REPEATS = 5


def in_process(path: Path) -> Iterator[Samples]:
    with open_decoder(path) as decoder:
        yield from decoder.blocks(_RATE)


def through_child(path: Path) -> Iterator[Samples]:
    with open_recording(path) as recording:
        yield from recording.blocks(_RATE)


def spent(read: Callable[[Path], Iterator[Samples]], path: Path) -> tuple[float, float]:
    """Seconds by the clock, and seconds of computing here and in the children."""
    clock, computing = time.perf_counter(), time.process_time() + children_seconds()
    for _ in read(path):
        pass
    return time.perf_counter() - clock, time.process_time() + children_seconds() - computing


def digest(read: Callable[[Path], Iterator[Samples]], path: Path) -> str:
    sha = hashlib.sha256()
    for block in read(path):
        sha.update(np.ascontiguousarray(block).data)
    return sha.hexdigest()


def compare(name: str, paths: list[Path], repeats: int) -> None:
    """Print both times over all files, and whether the samples are the same."""
    own, child = np.zeros(2), np.zeros(2)
    for path in paths:
        pairs = [(spent(in_process, path), spent(through_child, path)) for _ in range(repeats)]
        own += _best([first for first, _ in pairs])
        child += _best([second for _, second in pairs])
    same = sum(digest(in_process, path) == digest(through_child, path) for path in paths)
    print(f"{name}: {len(paths)} files, {same} the same; peak of the child {child_peak():.0f} MB")
    for what, first, second in zip(("clock", "computing"), own, child, strict=True):
        each = (second - first) / len(paths) * 1000
        told = f"in this process {first:.2f} s, through the child {second:.2f} s"
        print(f"    {what}: {told}, {second / first:.2f} times, {each:+.2f} ms a file")


def _best(times: list[tuple[float, float]]) -> NDArray[np.float64]:
    """The shortest time by the clock, and the mean of the computing, which /proc counts in coarse steps."""
    clock, computing = np.array(times).T
    return np.array([clock.min(), computing.mean()])


def children_seconds() -> float:
    """What all children have computed so far; a hundredth of a second is the smallest that /proc tells."""
    total = 0
    for child in POOL.children:
        status = Path(f"/proc/{child.pid}/stat")
        if status.exists():
            user, system = status.read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
            total += int(user) + int(system)
    return total / os.sysconf("SC_CLK_TCK")


def child_peak() -> float:
    """The most that any child held so far, in MB; 0 where /proc does not tell."""
    peaks = [0.0]
    for child in POOL.children:
        status = Path(f"/proc/{child.pid}/status")
        lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
        peaks += [int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM")]
    return max(peaks)


def write_long(path: Path, hours: float, *, rate: int, channels: int = 1, silent: bool = False) -> Path:
    """Noise or silence of any length, a minute of it at a time."""
    minute = np.zeros((60 * rate, channels), np.float32)
    if not silent:
        minute += np.random.default_rng(0).normal(0, 0.1, minute.shape).astype(np.float32)
    with soundfile.SoundFile(path, "w", rate, channels, subtype="PCM_16") as file:
        for _ in range(round(60 * hours)):
            file.write(minute)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="recordings, in folders or not")
    parser.add_argument("--hours", type=float, default=1.0, help="of the long recording")
    arguments = parser.parse_args()
    started = time.perf_counter()
    POOL.give_back(POOL.lend())
    print(f"start of a child: {time.perf_counter() - started:.2f} s")
    compare("clips", sorted(one for one in arguments.folder.rglob("*") if one.suffix in _SUFFIXES), _REPEATS)
    with tempfile.TemporaryDirectory() as folder:
        for rate in (16_000, 48_000):
            long = write_long(Path(folder) / f"{rate}.flac", arguments.hours, rate=rate)
            compare(f"{arguments.hours:g} h of noise, FLAC at {rate} Hz", [long], 2)
        silence = write_long(Path(folder) / "silence.flac", 10.0, rate=16_000, silent=True)
        heard = sum(block.size for block in through_child(silence)) / _RATE / 3600
        size = silence.stat().st_size / 1e6
        print(f"silence, {size:.1f} MB of FLAC: {heard:.1f} h heard; peak of the child {child_peak():.0f} MB")
        wide = write_long(Path(folder) / "wide.wav", 1 / 60, rate=192_000, channels=8)
        compare("1 min of 8 channels at 192 kHz", [wide], 1)


if __name__ == "__main__":
    main()
