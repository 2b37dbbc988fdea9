"""`workbench labels`: which labels are probably wrong, and what is right."""

from __future__ import annotations

from argparse import Namespace

from pydantic_core import to_jsonable_python

from workbench import services
from workbench.cli.arguments import passed_on
from workbench.cli.console import Console
from workbench.cli.syntax import Maker
from workbench.evalsets.corrections import Correction, Corrections
from workbench.runs.suspects import SuspectLabel, SuspectLabels
from workbench.scoring.suspects import Objection

_NOTHING = "–"
_COLUMNS = ("rank", "clip", "evidence", "label has", "systems have", "agree", "said since")


def add_actions(action: Maker) -> None:
    """The actions of `labels`, with their arguments."""
    doubted = action("suspects", "labels:suspects", "Labels that runs agree against, ranked.", services.suspects)
    doubted.add("runs", "runs", nargs="+", metavar="RUN")
    doubted.add("--ruler", "ruler", metavar="RULER")
    doubted.add("--limit", "limit", type=int, metavar="N")
    corrected = action("correct", "labels:correct", "Correct a label, beside the set.", services.correct)
    corrected.add("set", "set", metavar="SET")
    corrected.add("id", "id", metavar="ID")
    corrected.add("--text", "text", metavar="TEXT")
    corrected.add("--wrong", "wrong", action="store_true")
    corrected.add("--undo", "undo", action="store_true")
    corrected.add("--note", "note", metavar="NOTE")
    corrected.add("--published", "published", metavar="TEXT")
    listed = action("list", "labels:list_corrections", "What was said of a set's labels.", services.list_corrections)
    listed.add("set", "set", metavar="SET")


def suspects(arguments: Namespace, console: Console) -> int:
    """Rank the labels that runs agree against.

    Raises:
        WorkbenchError: A run cannot be read, or they have nothing in common.
    """
    found = services.suspects(arguments.runs, **passed_on(arguments, services.suspects))
    console.document(to_jsonable_python(found))
    console.table(_COLUMNS, [_row(row) for row in found.rows])
    for row in found.rows:
        console.say(f"{row.rank}. label      {row.suspect.measured}")
        console.say(f"{' ' * len(str(row.rank))}  consensus  {row.suspect.consensus}")
    for line in _totals(found):
        console.say(line)
    return 0


def _row(row: SuspectLabel) -> tuple[str, ...]:
    objections = row.suspect.objections
    return (
        str(row.rank),
        row.suspect.id,
        f"{row.suspect.score:+.2f}",
        " … ".join(one.reference or _NOTHING for one in objections),
        " … ".join(one.consensus or _NOTHING for one in objections),
        f"{min(map(_voices, objections))} of {len(row.suspect.texts)}",
        _NOTHING if row.correction is None else row.correction.status,
    )


def _voices(objection: Objection) -> int:
    return len(objection.agreeing)


def _totals(found: SuspectLabels) -> list[str]:
    lines = [f"{found.doubted} of {found.judged} labels are doubted, under {found.ruler} {found.ruler_hash}."]
    lines += [f"  {one.name}: vote {one.weight:.2f}, run {one.run_id}" for one in found.witnesses]
    left_out = {
        "without a reference under the ruler": found.empty_references,
        "with fewer than two texts": found.too_few_texts,
        "with a reference that differs between runs": found.reference_differs,
    }
    lines += [f"Not judged: {len(ids)} clips {reason}." for reason, ids in left_out.items() if ids]
    lines.append("Evidence is a power of ten. It ranks; listen before you believe it.")
    return lines


def correct(arguments: Namespace, console: Console) -> int:
    """Correct a label, or mark it as wrong, or undo that.

    Raises:
        WorkbenchError: There is no such clip, or the arguments do not fit together.
    """
    found = services.correct(arguments.set, arguments.id, **passed_on(arguments, services.correct))
    _show(found, console)
    return 0


def list_corrections(arguments: Namespace, console: Console) -> int:
    """List what was said of a set's labels.

    Raises:
        ManifestError: The file of corrections has faults.
    """
    _show(services.list_corrections(arguments.set), console)
    return 0


def _show(found: Corrections, console: Console) -> None:
    console.document(
        {"set": found.set, "hash": found.hash, "corrections": [to_jsonable_python(one) for one in found.entries]}
    )
    console.table(("clip", "status", "published", "right", "note", "made"), [_cells(one) for one in found.entries])
    count = "1 correction" if len(found.entries) == 1 else f"{len(found.entries)} corrections"
    console.say(f"{count} of {found.set}, {found.hash}. `workbench score RUN --corrected` scores under them.")


def _cells(one: Correction) -> tuple[str, ...]:
    text = _NOTHING if one.text is None else one.text
    return (one.id, one.status, one.published, text, one.note or _NOTHING, one.created)
