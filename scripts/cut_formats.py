"""Cuts a recording of every format at each percent of its bytes and tells how many were taken for whole.

    python scripts/cut_formats.py --seconds 10

A cut is refused (nothing can be decoded), flagged (the sound is given, with a warning), or not seen. Where the format
declares a length or has an end mark, none may be unseen. Where it has neither, a cut exactly between two frames leaves
a shorter file that is whole: nobody can see it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from workbench.audio.io import read_clip
from workbench.errors import AudioError

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "fixtures"))
from sound_files import FORMATS, make_seeds


@dataclass(frozen=True)
class CutReport:
    """What became of the cuts of one file.

    Attributes:
        name: Of the format.
        declares: What declares its length; empty where nothing does.
        whole_warnings: What was said of the file before it was cut: nothing, if all is well.
        outcomes: "refused", "flagged" and "unseen", counted.
        unseen: Percents at which the rest was taken for whole.
    """

    name: str
    declares: str
    whole_warnings: tuple[str, ...]
    outcomes: Counter[str]
    unseen: tuple[int, ...]

    @property
    def faults(self) -> int:
        """Cuts answered with something that is no sentence."""
        return sum(count for outcome, count in self.outcomes.items() if outcome.startswith("fault"))


def cut_file(name: str, whole: Path, percents: Iterable[int]) -> CutReport:
    content = whole.read_bytes()
    path = whole.with_name(f"cut.{whole.suffix[1:]}")
    outcomes: Counter[str] = Counter()
    unseen: list[int] = []
    for percent in percents:
        path.write_bytes(content[: len(content) * percent // 100])
        outcome = outcome_of(path)
        outcomes[outcome] += 1
        if outcome == "unseen":
            unseen.append(percent)
    path.unlink(missing_ok=True)
    return CutReport(name, FORMATS[name].declares, read_clip(whole).warnings, outcomes, tuple(unseen))


def outcome_of(path: Path) -> str:
    try:
        return "flagged" if read_clip(path).warnings else "unseen"
    except AudioError:
        return "refused"
    except Exception as error:  # whatever else it is, it is a fault of the decoder, and is to be seen in the table
        return f"fault: {type(error).__name__}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the recordings")
    parser.add_argument("--formats", nargs="*", choices=FORMATS, default=list(FORMATS), metavar="NAME")
    arguments = parser.parse_args()
    print("format\tdeclares\trefused\tflagged\tunseen\tfaults\tunseen at percent")
    with tempfile.TemporaryDirectory() as folder:
        for name, whole in make_seeds(Path(folder), arguments.seconds, tuple(arguments.formats)).items():
            report = cut_file(name, whole, range(1, 100))
            counts = "\t".join(str(report.outcomes[kind]) for kind in ("refused", "flagged", "unseen"))
            at = " ".join(map(str, report.unseen))
            print(f"{name}\t{report.declares or '–'}\t{counts}\t{report.faults}\t{at}", flush=True)
            if report.whole_warnings:
                print(f"  the whole file is flagged: {report.whole_warnings}")


if __name__ == "__main__":
    main()
