"""Long recordings with known text, and what becomes of them.

    python scripts/long_recording.py build MANIFEST --hours 2 --category english --out long/
    python scripts/long_recording.py check long/ --engine builtin --option beam_size=1 [--kill-after 40]
    python scripts/long_recording.py memory long/ [--chain highpass+gain]

`build` strings the clips of a category together again and again, in an order drawn anew each time, with pauses of
0.3 to 6 s, as `long.flac` and `sentences.json`. `check` transcribes it with the command line (killing it once and
starting it again where asked), aligns the text with what was said, and holds every sentence against what the engine
makes of its clip alone. `memory` transcribes it with an engine that only counts, and prints the resident memory.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import psutil
import soundfile
from rapidfuzz.distance import Levenshtein

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip
from workbench.engines.base import Hypothesis
from workbench.engines.pool import EnginePool
from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.pipeline.transcribe import ChunkDone
from workbench.pipeline.units import spoken_units
from workbench.services import transcribe_events
from workbench.settings import Settings
from workbench.text.rulers import find_ruler

RATE = 16_000


def build(manifest: Path, out: Path, *, hours: float, category: str, seed: int) -> None:
    rows = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["category"] == category and row["text"]]
    clips = {row["id"]: read_clip(manifest.parent / row["audio_filepath"], sample_rate=RATE).samples for row in rows}
    draw, noise = random.Random(seed), np.random.default_rng(seed)
    out.mkdir(parents=True, exist_ok=True)
    sentences: list[dict[str, object]] = []
    written = 0
    with soundfile.SoundFile(out / "long.flac", "w", RATE, 1, subtype="PCM_16") as file:
        while written < hours * 3600 * RATE:
            for row in draw.sample(rows, len(rows)):
                pause = draw.choice([0.3, 0.6, 1.0, 2.0, 6.0])
                silence, clip = noise.normal(0, 1e-4, round(pause * RATE)).astype(np.float32), clips[row["id"]]
                file.write(np.concatenate([silence, clip]))
                start, written = (written + silence.size) / RATE, written + silence.size + clip.size
                path = str((manifest.parent / row["audio_filepath"]).resolve())
                text = row.get("text_corrected") or row["text"]
                sentences.append({"start": start, "end": written / RATE, "text": text, "audio": path})
    (out / "sentences.json").write_text(json.dumps(sentences, ensure_ascii=False, indent=1), encoding="utf-8")
    print(f"{len(sentences)} sentences, {sentences[-1]['end']:.0f} s in {out / 'long.flac'}.")


def transcribe(words: list[str], *, kill_after: int | None = None) -> list[dict[str, object]]:
    """The command's document; killed with SIGKILL once so many chunks are done, it is started again."""
    command = [sys.executable, "-c", "import sys; from workbench.cli import main; sys.exit(main())"]
    # To a file: nobody reads standard output before standard error ends, and a pipe holds 64 KiB.
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as document,
        subprocess.Popen(
            [*command, "transcribe", *words, "--json"], stdout=document, stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        assert process.stderr is not None
        done = 0
        for line in process.stderr:
            done += line.startswith("[")
            if done == kill_after:
                process.kill()
                print(f"killed after: {line.strip()}")
                break
        else:
            process.wait()
            document.seek(0)
            return json.load(document)
    return transcribe(words)


def units_of(text: str) -> list[str]:
    """What is counted: simplified characters and words, numbers in one form."""
    return spoken_units(find_ruler("zh").apply(text))


def errors_by_sentence(said: list[list[str]], heard: list[str]) -> list[Counter[str]]:
    """Edits of the whole alignment, counted where they fall; an insertion belongs to the sentence it follows."""
    owner = [number for number, units in enumerate(said) for _ in units]
    found = [Counter[str]() for _ in said]
    for edit in Levenshtein.editops([unit for units in said for unit in units], heard):
        found[owner[min(edit.src_pos, len(owner) - 1) - (edit.tag == "insert" and edit.src_pos > 0)]][edit.tag] += 1
    return found


def check(folder: Path, words: list[str], *, kill_after: int | None) -> bool:
    sentences = json.loads((folder / "sentences.json").read_text(encoding="utf-8"))
    began = time.monotonic()
    (whole,) = transcribe([str(folder / "long.flac"), *words], kill_after=kill_after)
    cost = whole["measurement"]
    print(f"{whole['duration_seconds']:.0f} s transcribed in {time.monotonic() - began:.0f} s, ", end="")
    print(f"{cost['cpu_seconds']:.0f} s of processor time, at most {cost['peak_rss_bytes'] / 2**20:.0f} MiB resident.")
    files = sorted({str(one["audio"]) for one in sentences})
    alone = {str(one["file"]): units_of(str(one["text"])) for one in transcribe([*files, *words])}
    said = [units_of(one["text"]) for one in sentences]
    own = [
        Counter(edit.tag for edit in Levenshtein.editops(units, alone[one["audio"]]))
        for units, one in zip(said, sentences, strict=True)
    ]
    found = errors_by_sentence(said, units_of(str(whole["text"])))
    total, total_alone = sum(map(Counter.total, found)), sum(map(Counter.total, own))
    missing = [
        number for number, units in enumerate(said)
        if found[number]["delete"] - own[number]["delete"] > max(1, len(units) // 2)
    ]  # fmt: skip
    doubled = [
        number for number, units in enumerate(said)
        if found[number]["insert"] - own[number]["insert"] > max(2, len(units) // 3)
    ]  # fmt: skip
    units = sum(map(len, said))
    print(f"{len(said)} sentences, {units} words or characters.")
    print(f"errors: {total} ({total / units:.2%}); of the clips alone: {total_alone} ({total_alone / units:.2%}).")
    for name in ("delete", "insert", "replace"):
        print(f"  {name}: {sum(one[name] for one in found)}; alone {sum(one[name] for one in own)}.")
    for name, places in (("missing", missing), ("with more words than were said", doubled)):
        print(f"sentences {name}: {len(places)}.")
        for place in places[:20]:
            print(f"  {sentences[place]['start']:.1f} s: {sentences[place]['text']} {dict(found[place])}")
    print(f"complete: {whole['complete']}; flags: {Counter(flag['kind'] for flag in whole['flags'])}.")  # pyright: ignore
    for flag in whole["flags"]:  # pyright: ignore
        print(f"  {flag['start']:.1f}–{flag['end']:.1f} {flag['kind']}: {flag['sentence']}")
    return not missing and not doubled


class Counting(ScriptedPlugin):
    """Answers with the length of a clip, and keeps nothing of it."""

    def load(self, model, settings):
        engine = super().load(model, settings)
        engine.transcribe = lambda clips, _: [_counted(clip) for clip in clips]
        return engine


def _counted(clip: AudioClip) -> Hypothesis:
    text = f"{clip.duration:.2f} seconds"
    return Hypothesis(text=text, raw=text, finish="eos")


def memory(folder: Path, *, chain: str) -> None:
    process = psutil.Process()
    with tempfile.TemporaryDirectory() as home, offered(Counting()):
        pool = EnginePool(Settings(home=Path(home)))
        Path("/proc/self/clear_refs").write_text("5")
        before, began, cpu, chunks = process.memory_info().rss, time.monotonic(), time.process_time(), 0
        for event in transcribe_events(folder / "long.flac", engine="scripted", chain=chain, pool=pool):
            if isinstance(event, ChunkDone):
                chunks += 1
                if chunks == 1:
                    used = time.process_time() - cpu
                    print(f"first chunk after {time.monotonic() - began:.1f} s, {used:.1f} s of processor time")
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    peak = int(status["VmHWM"].split()[0]) * 1024
    print(f"{chunks} chunks in {time.monotonic() - began:.1f} s, {time.process_time() - cpu:.1f} s of processor time;")
    print(f"resident before {before / 2**20:.0f} MiB, ", end="")
    print(f"at most {peak / 2**20:.0f} MiB: {(peak - before) / 2**20:.0f} MiB for the recording.")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("build", "check", "memory"))
    parser.add_argument("path", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--category", default="english")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--chain", default="")
    parser.add_argument("--kill-after", type=int)
    arguments, words = parser.parse_known_args()
    if arguments.what == "build":
        build(arguments.path, arguments.out, hours=arguments.hours, category=arguments.category, seed=arguments.seed)
    elif arguments.what == "memory":
        memory(arguments.path, chain=arguments.chain)
    else:
        words += ["--chain", arguments.chain] if arguments.chain else []
        return 0 if check(arguments.path, words, kill_after=arguments.kill_after) else 1
    return 0


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
