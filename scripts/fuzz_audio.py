"""Decodes mutants of small recordings in every format, and tells what became of them.

    python scripts/fuzz_audio.py --count 100000 --failures /tmp/failures

Each mutant must be decoded, or be refused with a kind and a sentence, in time; this process must not be touched by it.
Prints the outcomes by kind, the longest time, the largest memory of the decoding process and how often it ended. A
mutant that is answered with anything else is kept in the folder of failures. Exit status 1 where there is one. Ended
early, by Ctrl-C or kill, it prints what it has.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from workbench.audio.decoding_pool import POOL
from workbench.audio.recording import open_recording
from workbench.errors import AudioError

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "fixtures"))
from sound_files import make_seeds

INTERESTING = (0, 1, 2, 7, 8, 255, 256, 32_767, 32_768, 65_535, 1 << 24, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)
HEADER_BYTES = 600
DEADLINE_SECONDS = 60.0
OF_THE_PROCESS = ("crashed", "timeout", "too_large")

Generator = np.random.Generator


@dataclass
class FuzzReport:
    """What became of all mutants.

    Attributes:
        outcomes: "whole", "flagged", or the kind of the refusal, counted.
        by_mutation: The same for each way to make a mutant.
        faults: Names of mutants that were answered with something else, with what.
        deaths: Why the decoding process failed on a mutant, counted: it ended, took too long, or too much memory.
        longest_seconds: And the mutant that took it.
        peak_bytes: The largest resident memory that a decoding process had.
        children: Process ids of all decoding processes that were seen.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    by_mutation: dict[str, Counter[str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    deaths: Counter[str] = field(default_factory=Counter)
    longest_seconds: float = 0.0
    longest_name: str = ""
    peak_bytes: int = 0
    children: set[int] = field(default_factory=set)

    @property
    def count(self) -> int:
        return sum(self.outcomes.values())


class HangError(Exception):
    """A mutant was not answered before the deadline."""


def flip_bits(content: bytearray, rng: Generator, _: bytes) -> bytearray:
    for _ in range(int(rng.integers(1, 12))):
        content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
    return content


def overwrite_bytes(content: bytearray, rng: Generator, _: bytes) -> bytearray:
    for _ in range(int(rng.integers(1, 20))):
        content[rng.integers(len(content))] = rng.integers(256)
    return content


def overwrite_header(content: bytearray, rng: Generator, _: bytes) -> bytearray:
    """A number in the first bytes becomes one that is seldom tried."""
    for _ in range(int(rng.integers(1, 4))):
        width = int(rng.choice((1, 2, 4, 8)))
        at = int(rng.integers(max(1, min(HEADER_BYTES, len(content)) - width)))
        value = int(rng.choice(INTERESTING)) & ((1 << 8 * width) - 1)
        content[at : at + width] = value.to_bytes(width, "little" if rng.integers(2) else "big")
    return content


def truncate(content: bytearray, rng: Generator, _: bytes) -> bytearray:
    return content[: int(rng.integers(1, len(content)))]


def swap_blocks(content: bytearray, rng: Generator, _: bytes) -> bytearray:
    first, second, size = _two_places(content, rng)
    one, other = content[first : first + size], content[second : second + size]
    content[first : first + size], content[second : second + size] = other, one
    return content


def duplicate_block(content: bytearray, rng: Generator, _: bytes) -> bytearray:
    first, second, size = _two_places(content, rng)
    content[second:second] = content[first : first + size] * int(rng.integers(1, 5))
    return content


def remove_block(content: bytearray, rng: Generator, _: bytes) -> bytearray:
    first, _second, size = _two_places(content, rng)
    del content[first : first + size]
    return content


def insert_noise(content: bytearray, rng: Generator, _: bytes) -> bytearray:
    at = int(rng.integers(len(content)))
    content[at:at] = rng.bytes(int(rng.integers(1, 2000)))
    return content


def fill_block(content: bytearray, rng: Generator, _: bytes) -> bytearray:
    first, _second, size = _two_places(content, rng)
    content[first : first + size] = bytes([rng.choice((0, 0x7F, 0xFF))]) * size
    return content


def splice(content: bytearray, rng: Generator, other: bytes) -> bytearray:
    """The start of one file and the end of another."""
    return content[: int(rng.integers(1, len(content)))] + other[int(rng.integers(len(other))) :]


def _two_places(content: bytearray, rng: Generator) -> tuple[int, int, int]:
    size = int(rng.integers(1, max(2, min(2000, len(content) // 3))))
    first, second = sorted(int(place) for place in rng.integers(0, max(1, len(content) - 2 * size), 2))
    return first, second + size, size


MUTATIONS: tuple[Callable[[bytearray, Generator, bytes], bytearray], ...] = (
    flip_bits, overwrite_bytes, overwrite_header, truncate, swap_blocks, duplicate_block, remove_block, insert_noise,
    fill_block, splice,
)  # fmt: skip


def make_mutants(seeds: dict[str, bytes], seed: int, start: int = 0) -> Iterator[tuple[str, str, bytes]]:
    """Names, ways and bytes, without end; each follows from the seed and its number alone."""
    names = sorted(seeds)
    number = start
    while True:
        rng = np.random.default_rng((seed, number))
        name, other = (names[rng.integers(len(names))] for _ in range(2))
        mutation = MUTATIONS[rng.integers(len(MUTATIONS))]
        content = bytes(mutation(bytearray(seeds[name]), rng, seeds[other]))
        yield f"{number}-{name.replace(' ', '-').replace(',', '')}", mutation.__name__, content
        number += 1


def fuzz(
    folder: Path, *, count: int, seconds: float, seed: int = 0, start: int = 0, failures: Path | None = None
) -> FuzzReport:
    """Decode mutants until there were so many, or so much time has gone, or it is interrupted."""
    seeds = {name: path.read_bytes() for name, path in make_seeds(folder / "seeds", 1.0).items()}
    report = FuzzReport()
    end = time.monotonic() + seconds
    with contextlib.suppress(KeyboardInterrupt):  # what was found so far is worth printing
        for name, mutation, content in make_mutants(seeds, seed, start):
            if report.count >= count or time.monotonic() > end:
                break
            path = folder / "mutant.bin"
            path.write_bytes(content)
            started = time.monotonic()
            outcome = outcome_of(path)
            _record(report, name, mutation, outcome, time.monotonic() - started)
            if outcome.startswith("fault"):
                report.faults.append(f"{name} {mutation}: {outcome}")
                if failures is not None:
                    (failures / name).write_bytes(content)
    return report


def outcome_of(path: Path) -> str:
    try:
        with deadline(DEADLINE_SECONDS), open_recording(path) as recording:
            for block in recording.blocks(16_000):
                if not np.isfinite(block).all():
                    return "fault: samples that are not numbers"
            return "flagged" if recording.warnings else "whole"
    except AudioError as error:
        is_worded = bool(error.message and error.hint and error.kind)
        if not is_worded:
            return f"fault: no sentence ({error!r})"
        return f"{error.kind}: {error.message.partition(': ')[2]}" if error.kind in OF_THE_PROCESS else str(error.kind)
    except HangError:
        return "fault: hang"
    except Exception as error:
        return f"fault: {type(error).__name__}: {error}"


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise HangError in the main thread after so long."""

    def ring(*_: object) -> None:
        raise HangError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _record(report: FuzzReport, name: str, mutation: str, outcome: str, seconds: float) -> None:
    kind, _, why = outcome.partition(": ")
    if kind in OF_THE_PROCESS:
        report.deaths[f"{kind}: {why}"] += 1
    report.outcomes[kind] += 1
    report.by_mutation.setdefault(mutation, Counter())[kind] += 1
    if seconds > report.longest_seconds:
        report.longest_seconds, report.longest_name = seconds, name
    for child in POOL.children:
        report.children.add(child.pid)
        report.peak_bytes = max(report.peak_bytes, peak_resident_bytes(child.pid))


def peak_resident_bytes(pid: int) -> int:
    """The most memory that a running process has held (VmHWM); 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def print_report(report: FuzzReport, pid: int, seconds: float) -> None:
    kinds = [kind for kind, _ in report.outcomes.most_common()]
    print("\t".join(("way", "all", *kinds)))
    for mutation, counts in sorted(report.by_mutation.items()):
        print("\t".join((mutation, str(counts.total()), *(str(counts[kind]) for kind in kinds))))
    print("\t".join(("all", str(report.count), *(str(report.outcomes[kind]) for kind in kinds))))
    print(f"{report.count} mutants in {seconds:.0f} s; this process is still {pid}: {os.getpid() == pid}")
    print(f"longest {report.longest_seconds:.2f} s ({report.longest_name})")
    print(f"decoding processes: {len(report.children)}, largest resident {report.peak_bytes / 1e6:.0f} MB")
    for death, count in report.deaths.most_common():
        print(f"  {count} × {death}")
    print(f"faults: {len(report.faults)}")
    for fault in report.faults[:50]:
        print(f"  {fault}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000, help="how many mutants at most")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="how long at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=int, default=0, help="number of the first mutant")
    parser.add_argument("--failures", type=Path, help="folder for mutants that were answered wrongly")
    arguments = parser.parse_args()
    if arguments.failures is not None:
        arguments.failures.mkdir(parents=True, exist_ok=True)
    for ended_by in (signal.SIGINT, signal.SIGTERM):  # in the background a shell switches the first one off
        signal.signal(ended_by, signal.default_int_handler)
    pid, started = os.getpid(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = fuzz(
            Path(folder),
            count=arguments.count,
            seconds=arguments.seconds,
            seed=arguments.seed,
            start=arguments.start,
            failures=arguments.failures,
        )
    print_report(report, pid, time.monotonic() - started)
    return bool(report.faults)


if __name__ == "__main__":
    sys.exit(main())
