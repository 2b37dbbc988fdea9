"""How well a word's confidence tells whether it is wrong: precision and recall of marking what lies below a threshold.

    python scripts/measure_confidence.py MANIFEST CATEGORY [CATEGORY …]

MANIFEST is JSON Lines with `audio_filepath`, `text`, `language` and `category`. Words left out by the engine have no
confidence; they are counted beside.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from workbench import services
from workbench.scoring.alignment import align_units
from workbench.text.rulers import default_ruler, find_ruler
from workbench.text.units import split

THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def judged(row: dict[str, str], folder: Path, engine: str) -> tuple[list[tuple[float, bool]], int]:
    """Confidence of each unit heard and whether it is wrong; and how many units were left out."""
    language = row["language"].partition("+")[0]  # of a code-mixed clip, the language it is mostly in
    heard = services.transcribe(folder / row["audio_filepath"], engine=engine, language=language, word_times=True)
    ruler = find_ruler(default_ruler(row["language"]))
    units, sure = [], []
    for word in (word for segment in heard.segments for word in segment.words):
        own = split(ruler.apply(word.text), "mixed")
        units += own
        sure += [1.0 if word.confidence is None else word.confidence] * len(own)
    (edits,) = align_units([split(ruler.apply(row.get("text_corrected") or row["text"]), "mixed")], [units])
    wrong = [edit.op != "hit" for edit in edits if edit.op != "deletion"]
    return list(zip(sure, wrong, strict=True)), sum(edit.op == "deletion" for edit in edits)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("categories", nargs="+")
    parser.add_argument("--engine", default="builtin")
    parser.add_argument("--limit", type=int, help="only the first so many clips of each category")
    chosen = parser.parse_args()
    rows = [json.loads(line) for line in chosen.manifest.read_text(encoding="utf-8").splitlines()]
    for category in chosen.categories:
        clips = [row for row in rows if row["category"] == category and row.get("text")][: chosen.limit]
        report(category, [judged(row, chosen.manifest.parent, chosen.engine) for row in clips])


def report(category: str, found: Sequence[tuple[list[tuple[float, bool]], int]]) -> None:
    units = [unit for one, _ in found for unit in one]
    wrong = sum(is_wrong for _, is_wrong in units)
    missing = sum(count for _, count in found)
    print(f"{category}: {len(found)} clips, {len(units)} units heard, {wrong} wrong, {missing} left out")
    for threshold in THRESHOLDS:
        marked = [is_wrong for sure, is_wrong in units if sure < threshold]
        hits = sum(marked)
        precision = f"{hits / len(marked):.0%}" if marked else "–"
        recall = f"{hits / wrong:.0%}" if wrong else "–"
        share = f"{len(marked) / len(units):.1%}" if units else "–"
        print(f"  below {threshold}: {len(marked)} marked ({share}), precision {precision}, recall {recall}")


if __name__ == "__main__":
    main()
