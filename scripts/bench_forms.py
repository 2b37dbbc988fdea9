"""An engine's model compiled, and with weights of 8 bits, against the model as it is stored: time, memory, errors.

    python scripts/bench_forms.py whisper:FOLDER MANIFEST --where category=english --limit 12
    python scripts/bench_forms.py qwen3-asr:0.6B MANIFEST --where category=english --limit 12 --language en

Each form gets a process of its own, so that memory is its own; the first clips are transcribed to warm up (what is
compiled, is compiled then), then all, one by one. Processor seconds change least where the machine has
other work.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from workbench.audio.io import read_clip
from workbench.engines.base import DecodeOptions
from workbench.engines.gauges import memory_gauge
from workbench.engines.registry import EngineRef, plugin
from workbench.scoring.score import score
from workbench.settings import Settings, quieten
from workbench.text.rulers import find_ruler

FORMS: dict[str, dict[str, Any]] = {
    "as stored": {},
    "weights=int8": {"weights": "int8"},
    "compile=true": {"compile": True},
}
WARM_UP = 1
MIB = 1024**2


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """One form, in this process."""
    quieten()
    ref = EngineRef.parse(arguments.engine)
    engine = plugin(ref.name).load(ref.model, Settings.from_env())
    clips = [read_clip(path, sample_rate=engine.info.sample_rate) for path, _ in chosen(arguments)]
    options = DecodeOptions(language=arguments.language, extra=FORMS[arguments.form])
    passes: list[dict[str, float]] = []
    texts: list[str] = []
    for part in (clips[:WARM_UP], clips):
        gauge = memory_gauge()
        gauge.start()
        began, cpu = time.perf_counter(), time.process_time()
        texts = [engine.transcribe([clip], options)[0].text for clip in part]
        passes.append({"wall": time.perf_counter() - began, "cpu": time.process_time() - cpu} | gauge.stop())
    held = psutil.Process().memory_info().rss
    return {"passes": passes, "texts": texts, "held": held, "audio": sum(clip.duration for clip in clips)}


def chosen(arguments: argparse.Namespace) -> list[tuple[Path, str]]:
    """Recordings and references."""
    wanted = dict(pair.split("=", 1) for pair in arguments.where)
    manifest = Path(arguments.manifest)
    rows = (json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines() if line.strip())
    kept = [row for row in rows if all(str(row.get(name)) == value for name, value in wanted.items())]
    return [(manifest.parent / row["audio_filepath"], row["text"]) for row in kept[: arguments.limit]]


def main() -> None:
    """Every form in a process of its own, and a line of each."""
    arguments = _parsed()
    if arguments.form:
        print(json.dumps(measure(arguments)))
        return
    references = [text for _, text in chosen(arguments)]
    first: dict[str, Any] = {}
    for form in FORMS:
        command = [sys.executable, __file__, *sys.argv[1:], "--form", form]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        first = first or found
        _tell(form, found, first, references, arguments.ruler)
    print(f"load {os.getloadavg()[0]:.1f}")


def _tell(form: str, found: dict[str, Any], first: dict[str, Any], references: list[str], ruler: str) -> None:
    pairs = [(str(n), *pair) for n, pair in enumerate(zip(references, found["texts"], strict=True))]
    counts = score(pairs, find_ruler(ruler)).metrics["wer"].counts
    same = sum(a == b for a, b in zip(found["texts"], first["texts"], strict=True))
    warm, timed = found["passes"]
    print(
        f"{form:14} {timed['wall']:7.1f} s  {timed['cpu']:7.1f} processor s "
        f"({timed['cpu'] / first['passes'][1]['cpu']:.2f} of as stored)  warm-up {warm['cpu']:.1f} processor s  "
        f"{counts.errors} errors in {counts.reference_length} words  {same} of {len(references)} texts the same  "
        f"{found['held'] / MIB:.0f} MiB held, {timed['peak_rss_bytes'] / MIB:.0f} at the peak",
        flush=True,
    )


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("engine")
    parser.add_argument("manifest")
    parser.add_argument("--where", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--limit", type=int, default=12)
    parser.add_argument("--language", default=None)
    parser.add_argument("--ruler", default="en")
    parser.add_argument("--form", choices=sorted(FORMS), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
