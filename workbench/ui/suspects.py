"""Labels that are probably wrong, on the page. Pure: values in, HTML out."""

from __future__ import annotations

from html import escape

from workbench.runs.suspects import SuspectLabel, SuspectLabels
from workbench.ui.differences import diff_view
from workbench.ui.notices import notice
from workbench.ui.picks import pick

MOST_SUSPECTS = 50

NEEDS_RUNS = notice(
    "Two runs or more over this set are needed.",
    "Where several systems agree with each other and not with a label, the label is doubtful. Run another engine or "
    "another chain, or import the texts of another system.",
)


def suspects_view(found: SuspectLabels) -> str:
    """The most doubtful labels first: what they say, and what the runs agree on."""
    runs = "".join(f"<li>{escape(one.name)} <span>vote {one.weight:.2f}</span></li>" for one in found.witnesses)
    rows = "".join(_row(row) for row in found.rows)
    body = rows or '<p class="wb-note">No label is spoken against by what the runs agree on.</p>'
    return (
        f'<div class="wb-panel"><h3>Labels to listen to <span>{found.doubted:,} of {found.judged:,} judged</span></h3>'
        f'<ul class="wb-witnesses">{runs}</ul><p class="wb-note">Ruler {escape(found.ruler)}. The list ranks; whether '
        "a label is wrong is found out by listening. Runs of different models say most.</p></div>"
        f'<div class="wb-suspects">{body}</div>'
    )


def _row(row: SuspectLabel) -> str:
    suspect = row.suspect
    judged = ""
    if row.correction is not None:
        judged = f'<span class="wb-tag">{"corrected" if row.correction.text is not None else "marked as wrong"}</span>'
    agreeing = f"{len(suspect.agreeing)} {'run agrees' if len(suspect.agreeing) == 1 else 'runs agree'}"
    return (
        f'<div class="wb-panel"><header><h3 dir="auto">{row.rank}. {escape(suspect.id)}</h3>'
        f"<span class=wb-num>odds 10<sup>{suspect.score:.1f}</sup> · {agreeing}</span>{judged}"
        f'<button type="button" class="wb-copy" {pick(clip=suspect.id)}>Listen and correct</button></header>'
        f"{diff_view(suspect.edits, above='Label', below='Runs')}</div>"
    )
