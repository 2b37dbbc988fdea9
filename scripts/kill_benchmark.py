"""kill -9 at random moments: a benchmark and a long transcription are killed and resumed until they are done.

    python scripts/kill_benchmark.py [--kills 200] [--transcription-kills 50] [--clips 40] [--seed 0] [--json]

Both work with the scripted engine, whose texts say which audio reached it, on clips that are made here; one clip is no
audio. Every try is a process of its own, forked from this one so that it need not be loaded anew, and says each item
(each chunk) when it is told of it. It is killed after a random number of them and a random moment more, or at a random
moment from its start. Then, from another process:

- every item that it was told of is in the journal: none acknowledged is lost;
- none that was acknowledged before was transcribed again, none is in the journal twice;
- when it was let come to its end, texts, failures, order and scores are those of a run that was never killed.

Exit code 1 if any of it does not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from workbench.audio.steps import parse_chain
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.evalsets.load import load_manifest
from workbench.pipeline.transcribe import ChunkDone
from workbench.pipeline.transcript import Transcript
from workbench.runs.benchmark import run_benchmark
from workbench.runs.records import ItemFailure, ItemResult, RunStarted
from workbench.runs.store import RunStore
from workbench.runs.summary import summarise
from workbench.services import transcribe_events
from workbench.settings import Settings
from workbench.text.rulers import find_ruler

RATE = 16_000
ITEM_SECONDS = 0.01
CHUNK_SECONDS = 0.05
FROM_ITS_START = 0.2
"""How many of the kills come at a moment counted from the start, and not from an item."""

Job = Callable[[], None]


@dataclass(kw_only=True)
class Findings:
    """What came of one kind of work."""

    kills: int = 0
    rounds: int = 0
    before_first: int = 0
    acknowledged: int = 0
    faults: list[str] = field(default_factory=list[str])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--transcription-kills", type=int, default=50)
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    chance = random.Random(given.seed)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        benchmark = kill_benchmark(folder / "benchmark", given.clips, given.kills, chance)
        transcription = kill_transcription(folder / "transcription", given.transcription_kills, chance)
    found = {
        "benchmark": asdict(benchmark),
        "transcription": asdict(transcription),
        "seconds": time.monotonic() - began,
    }
    print(json.dumps(found) if given.json else told(found))
    return 1 if benchmark.faults or transcription.faults else 0


def told(found: Mapping[str, object]) -> str:
    return "\n".join(f"{name}: {what}" for name, what in found.items())


def kill_benchmark(folder: Path, clips: int, kills: int, chance: random.Random) -> Findings:
    """Kill benchmarks until there were so many kills, and finish the last one."""
    folder.mkdir(parents=True)
    manifest, found = write_set(folder, clips), Findings()
    expected, _ = finish(lambda: benchmark(manifest, folder / "whole"), lambda: outcome(folder / "whole"))
    while found.kills < kills:
        home, acknowledged = folder / f"round-{found.rounds}", set[str]()
        done = False
        while not done and found.kills < kills:
            lines, done = attempt(
                lambda home=home: benchmark(manifest, home), *moment(chance, len(acknowledged), ITEM_SECONDS)
            )
            found.kills += not done
            check_benchmark(home, lines, acknowledged, found)
        result, lines = finish(lambda home=home: benchmark(manifest, home), lambda home=home: outcome(home))
        check_benchmark(home, lines, acknowledged, found)
        if result != expected:
            found.faults.append(f"round {found.rounds}: {result} is not {expected}")
        found.rounds += 1
        found.acknowledged += len(acknowledged)
    return found


def check_benchmark(home: Path, lines: Sequence[str], acknowledged: set[str], found: Findings) -> None:
    """What a try said against what is on disk, in a process that was not killed."""
    new = [line.split()[1] for line in lines if line.startswith("new ")]
    if again := acknowledged & set(new):
        found.faults.append(f"round {found.rounds}: transcribed again: {sorted(again)}")
    found.before_first += not lines
    acknowledged |= set(new)
    kept = journalled(home)
    if lost := acknowledged - set(kept):
        found.faults.append(f"round {found.rounds}: lost: {sorted(lost)}")
    if twice := {one for one in kept if kept.count(one) > 1}:
        found.faults.append(f"round {found.rounds}: twice: {sorted(twice)}")


def journalled(home: Path) -> list[str]:
    """Ids of the results in the journal as it lies there, a torn last line left out."""
    files = list(home.glob("runs/*/items.jsonl"))
    lines = [line for path in files for line in path.read_bytes().split(b"\n")[:-1]]
    items = [json.loads(line)["entry"]["item"] for line in lines]
    return [one["id"] for one in items if one["kind"] == "result"]


def benchmark(manifest: Path, home: Path) -> None:
    """One try, in its own process: what was there before is `old`, what is done now `new`, failures are neither."""
    with offered(ScriptedPlugin(delay_seconds=ITEM_SECONDS)):
        old = 0
        for event in run_benchmark(
            load_manifest(manifest),
            pool=EnginePool(Settings(home=home)),
            engine=EngineRef("scripted"),
            chain=parse_chain(""),
            on_existing="resume",
        ):
            if isinstance(event, RunStarted):
                old = event.done
            if isinstance(event, ItemResult | ItemFailure):
                kind = "old" if old > 0 else "new" if isinstance(event, ItemResult) else "failed"
                old -= 1
                print(kind, event.id, flush=True)


def outcome(home: Path) -> object:
    """All that has to be the same: status, every outcome in order, every rate with its interval, every count."""
    store = RunStore(Settings(home=home))
    [record] = store.list_runs()
    run = store.load_run(record.run_id)
    texts = [(one.id, one.reference, one.text if isinstance(one, ItemResult) else one.error) for one in run.outcomes]
    summary = summarise(run, ruler=find_ruler("en"))
    return record.status, texts, dict(summary.metrics), [(row.result.id, dict(row.counts)) for row in summary.rows]


def kill_transcription(folder: Path, kills: int, chance: random.Random) -> Findings:
    """Kill transcriptions of a long recording until there were so many kills; the last one comes to its end."""
    folder.mkdir(parents=True)
    recording, found = write_recording(folder), Findings()
    whole, _ = attempt(lambda: transcribe(recording, folder / "whole"), None, 0)
    expected = delivered(whole)
    while found.kills < kills:
        home, acknowledged, text = folder / f"round-{found.rounds}", 0, list[str]()
        while not text:  # what was delivered is kept no longer: killed after that, it would begin anew
            last = found.kills >= kills
            after, seconds = (None, 0.0) if last else moment(chance, acknowledged, CHUNK_SECONDS)
            lines, done = attempt(lambda home=home: transcribe(recording, home), after, seconds)
            found.kills += not done
            found.before_first += not lines
            acknowledged = check_chunks(lines, acknowledged, found)
            text = delivered(lines)
        if text != expected:
            found.faults.append(f"round {found.rounds}: {text} is not {expected}")
        found.rounds += 1
        found.acknowledged += acknowledged
    return found


def check_chunks(lines: Sequence[str], acknowledged: int, found: Findings) -> int:
    """Chunks that were acknowledged before are told again and not heard again; how many are acknowledged now."""
    chunks = [(int(index), int(calls)) for index, calls in (one.split()[1:] for one in lines if is_chunk(one))]
    if [index for index, _ in chunks] != list(range(len(chunks))):
        found.faults.append(f"round {found.rounds}: chunks out of order: {chunks}")
    if any(calls > max(0, index + 1 - acknowledged) for index, calls in chunks):
        found.faults.append(f"round {found.rounds}: one of {acknowledged} acknowledged chunks heard again: {chunks}")
    return max(acknowledged, len(chunks))


def delivered(lines: Sequence[str]) -> list[str]:
    """The transcript, where it came to that."""
    return [line for line in lines if not is_chunk(line)]


def is_chunk(line: str) -> bool:
    return line.startswith("chunk ")


def transcribe(recording: Path, home: Path) -> None:
    """One try, in its own process: each chunk with how often this process called the engine, then the transcript."""
    with offered(ScriptedPlugin(delay_seconds=CHUNK_SECONDS, chunk_seconds=6)) as plugin:
        pool = EnginePool(Settings(home=home))
        for event in transcribe_events(recording, engine="scripted", pool=pool):
            if isinstance(event, ChunkDone):
                print("chunk", event.index, len(plugin.journal.calls), flush=True)
            if isinstance(event, Transcript):
                places = [asdict(one) for one in event.segments]
                print(json.dumps([event.text, places, event.complete, len(event.coverage), len(event.flags)]))


def moment(chance: random.Random, told_again: int, seconds: float) -> tuple[int | None, float]:
    """When to kill: after how many lines, of which the first are what was done before, and how many seconds later."""
    if chance.random() < FROM_ITS_START:
        return 0, chance.uniform(0, 1.5)
    return told_again + chance.randint(0, 4), chance.uniform(0, 2.5 * seconds)


def attempt(job: Job, after: int | None, seconds: float) -> tuple[list[str], bool]:
    """Do it in another process, and kill that: what it said, and whether it came to its end before.

    Args:
        job: Writes to standard output.
        after: Killed when it has said so many lines and `seconds` have passed; None lets it come to its end.
        seconds: See `after`.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.dup2(writing, 1)
        os.close(reading)
        os.close(writing)
        _work(job)
    os.close(writing)
    said = b""
    while after is None or said.count(b"\n") < after:
        if not (block := os.read(reading, 1 << 16)):
            break
        said += block
    else:
        said += _read_for(reading, seconds)
        os.kill(child, signal.SIGKILL)
    while block := os.read(reading, 1 << 16):  # what it had said before it died counts
        said += block
    os.close(reading)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError(f"a try ended by itself with exit code {os.WEXITSTATUS(status)}")
    return said.decode().splitlines()[: said.count(b"\n")], os.WIFEXITED(status)


def _work(job: Job) -> None:
    try:
        sys.stdout = os.fdopen(1, "w", buffering=1)
        job()
        sys.stdout.flush()
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(3)
    os._exit(0)


def _read_for(handle: int, seconds: float) -> bytes:
    until, said = time.monotonic() + seconds, b""
    while (left := until - time.monotonic()) > 0:
        if not select.select([handle], [], [], left)[0]:
            continue
        if not (block := os.read(handle, 1 << 16)):
            break
        said += block
    return said


def finish(job: Job, result: Callable[[], object]) -> tuple[object, list[str]]:
    """Let it come to its end, and read what came of it."""
    lines, _ = attempt(job, None, 0)
    return result(), lines


def write_set(folder: Path, clips: int) -> Path:
    """Clips of different lengths, which the engine says; every third label says another, one clip is no audio."""
    lines: list[str] = []
    for number in range(clips):
        length = RATE // 5 + 160 * number
        path = folder / f"clip-{number:02d}.wav"
        soundfile.write(path, 0.3 * np.sin(np.arange(length) / 5), RATE, subtype="PCM_16")
        reference = f"{length / RATE:.2f} seconds" if number % 3 else "not so long"
        lines.append(json.dumps({"id": f"i{number:02d}", "audio": path.name, "text": reference, "language": "en"}))
    (folder / "clip-04.wav").write_text("these are words")
    path = folder / "manifest.jsonl"
    path.write_text("\n".join(lines))
    return path


def write_recording(folder: Path) -> Path:
    """The shipped English clips, one after the other, twice."""
    shipped = sorted((Path(__file__).resolve().parents[1] / "eval_sets" / "english-demo" / "audio").glob("*.flac"))
    samples = [part for path in shipped * 2 for part in (soundfile.read(path)[0], np.zeros(RATE // 2))]
    path = folder / "long.flac"
    soundfile.write(path, np.concatenate(samples), RATE, subtype="PCM_16")
    return path


if __name__ == "__main__":
    sys.exit(main())
