"""An eval set of longer recordings, strung together from the clips of a manifest, each clip once.

    python scripts/join_clips.py MANIFEST OUT --category english --category english_telephone --seconds 60

Clips come in an order drawn by `--seed`, with pauses of 0.3 to 2 s between them, until a recording has so many seconds;
what is left at the end makes a shorter one. `workbench curve --set OUT --axis chunk_seconds --values 5,10,20,30` then
says what a chunk length costs or gains.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workbench.audio.clip import AudioClip, Samples
from workbench.audio.io import read_clip, write_clip

RATE = 16_000
PAUSES = (0.3, 0.6, 1.0, 2.0)
HISS = 1e-4
"""Of full scale: pauses of nothing but zeros are found nowhere."""


def gather(rows: Sequence[dict[str, Any]], seconds: float) -> Iterator[list[dict[str, Any]]]:
    """Rows in their order, as many at a time as make so many seconds."""
    taken: list[dict[str, Any]] = []
    for row in rows:
        taken.append(row)
        if sum(one["duration"] for one in taken) >= seconds:
            yield taken
            taken = []
    if taken:
        yield taken


def join(clips: Sequence[Path], draw: random.Random, noise: np.random.Generator) -> Samples:
    """Recordings one after another, each after a pause."""
    parts: list[Samples] = []
    for path in clips:
        hiss = noise.normal(0, HISS, round(draw.choice(PAUSES) * RATE))
        parts += [hiss.astype(np.float32), read_clip(path, sample_rate=RATE).samples]
    return np.concatenate(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--category", action="append", required=True)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    rows = [json.loads(line) for line in asked.manifest.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["category"] in asked.category and row["text"]]
    draw, noise = random.Random(asked.seed), np.random.default_rng(asked.seed)
    asked.out.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    for number, chosen in enumerate(gather(draw.sample(rows, len(rows)), asked.seconds)):
        samples = join([asked.manifest.parent / row["audio_filepath"] for row in chosen], draw, noise)
        name = f"joined-{number:02d}"
        write_clip(AudioClip(samples=samples, sample_rate=RATE, source=name), asked.out / f"{name}.wav")
        text = " ".join(row.get("text_corrected") or row["text"] for row in chosen)
        line = {"id": name, "audio_filepath": f"{name}.wav", "text": text, "language": chosen[0]["language"]}
        lines.append(json.dumps({**line, "duration": round(samples.size / RATE, 3)}, ensure_ascii=False))
        print(f"{name}: {len(chosen)} clips, {samples.size / RATE:.1f} s")
    (asked.out / "manifest.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
