"""A stored run as it would be with right labels; what lies on disk is not touched."""

from __future__ import annotations

from dataclasses import replace

from workbench.evalsets.corrections import CorrectionNote, Corrections
from workbench.runs.records import ItemOutcome
from workbench.runs.store import StoredRun


def apply_corrections(run: StoredRun, corrections: Corrections) -> StoredRun:
    """The run with corrected references in the place of published ones, and without the clips whose label is wrong.

    A correction holds for the reference it was made for: where the run has another one for that item, it is left as it
    is, and counted as stale.

    Args:
        run: As it was stored, with published references.
        corrections: Of its set.

    Returns:
        The run; its `corrections` says what was done. Clips left out are gone from its items too: "scored n of m"
        counts what there is to score.
    """
    made = corrections.by_label
    outcomes: list[ItemOutcome] = []
    changed = 0
    for outcome in run.outcomes:
        found = made.get((outcome.id, outcome.reference))
        if found is None:
            outcomes.append(outcome)
        elif found.text is not None:
            outcomes.append(replace(outcome, reference=found.text))
            changed += 1
    left_out = len(run.outcomes) - len(outcomes)
    stale = corrections.stale({one.id: one.reference for one in run.outcomes})
    applied = {outcome.id for outcome in run.outcomes if (outcome.id, outcome.reference) in made}
    note = CorrectionNote(
        set=corrections.set,
        hash=corrections.hash,
        changed=changed,
        left_out=left_out,
        stale=tuple(dict.fromkeys(one.id for one in stale if one.id not in applied)),
    )
    spec = replace(run.record.spec, items=run.record.spec.items - left_out)
    return replace(run, record=replace(run.record, spec=spec), outcomes=tuple(outcomes), corrections=note)
