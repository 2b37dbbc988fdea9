"""Labels that are probably wrong, on the page. Pure: values in, HTML out."""

from __future__ import annotations

from html import escape

from workbench.runs.suspects import SuspectLabel, SuspectLabels
from workbench.ui.differences import diff_view
from workbench.ui.language import say, say_many
from workbench.ui.notices import notice
from workbench.ui.picks import pick

MOST_SUSPECTS = 50


def needs_runs_view() -> str:
    """What is missing, where there are too few runs to judge a label by."""
    return notice(
        say("Two runs or more over this set are needed."),
        say(
            "Where several systems agree with each other and not with a label, the label is doubtful. Run another "
            "engine or another chain, or import the texts of another system."
        ),
    )


def suspects_view(found: SuspectLabels) -> str:
    """The most doubtful labels first: what they say, and what the runs agree on."""
    runs = "".join(f"<li>{escape(one.name)} <span>{_vote(one.weight)}</span></li>" for one in found.witnesses)
    rows = "".join(_row(row) for row in found.rows)
    body = rows or f'<p class="wb-note">{say("No label is spoken against by what the runs agree on.")}</p>'
    judged = say("{part} of {total} judged", part=f"{found.doubted:,}", total=f"{found.judged:,}")
    basis = say(
        "Ruler {ruler}. The list ranks; whether a label is wrong is found out by listening. Runs of different models "
        "say most.",
        ruler=escape(found.ruler),
    )
    return (
        f'<div class="wb-panel"><h3>{say("Labels to listen to")} <span>{judged}</span></h3>'
        f'<ul class="wb-witnesses">{runs}</ul><p class="wb-note">{basis}</p></div>'
        f'<div class="wb-suspects">{body}</div>'
    )


def _vote(weight: float) -> str:
    return say("vote {weight}", weight=f"{weight:.2f}")


def _row(row: SuspectLabel) -> str:
    suspect = row.suspect
    judged = ""
    if row.correction is not None:
        said = say("corrected") if row.correction.text is not None else say("marked as wrong")
        judged = f'<span class="wb-tag">{said}</span>'
    agreeing = say_many(len(suspect.agreeing), "{count} run agrees", "{count} runs agree")
    return (
        f'<div class="wb-panel"><header><h3 dir="auto">{row.rank}. {escape(suspect.id)}</h3>'
        f"<span class=wb-num>{say('odds')} 10<sup>{suspect.score:.1f}</sup> · {agreeing}</span>{judged}"
        f'<button type="button" class="wb-copy" {pick(clip=suspect.id)}>{say("Listen and correct")}</button></header>'
        f"{diff_view(suspect.edits, above=say('Label'), below=say('Runs'))}</div>"
    )
