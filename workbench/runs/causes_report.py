"""Where a run's errors come from, as the document that every door hands out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from workbench.runs.causes import Causes, TagCauses
from workbench.scoring.analysis import Analysis, KindCounts
from workbench.scoring.codeswitch import CodeSwitch, Recall
from workbench.scoring.confusions import Confusion
from workbench.scoring.counts import ErrorCounts, Tally
from workbench.scoring.score import METRICS
from workbench.scoring.sounds import SoundCounts, WrittenMandarin
from workbench.scoring.terms import TermCounts

MOST_CONFUSIONS = 50
"""Of each operation; how many kinds there are in all is said beside them."""


def causes_json(found: Causes) -> dict[str, Any]:
    """What `causes --json` says; every rate stands beside the counts that it comes from."""
    analysis = found.analysis
    return {
        "run_id": found.run_id,
        "ruler": analysis.ruler,
        "ruler_hash": analysis.ruler_hash,
        "headline": found.headline,
        "clips": len(analysis.clips),
        "waterfall": [
            {
                "group": stage.group,
                "steps": list(stage.steps),
                "beyond": stage.beyond,
                "metrics": {name: tally_json(stage.total(name)) for name in METRICS},
            }
            for stage in found.waterfall.stages
        ],
        **_kinds(analysis),
        "confusions": {
            "substitutions": _confusions(analysis.confusions.substitutions),
            "deletions": _confusions(analysis.confusions.deletions),
            "insertions": _confusions(analysis.confusions.insertions),
        },
        "by_tag": [_tag(one) for one in found.by_tag],
        "corrections": None if found.corrections is None else asdict(found.corrections),
    }


def counts_json(counts: ErrorCounts) -> dict[str, Any]:
    """Counts with their sums and their rate."""
    return {
        "rate": counts.rate,
        "errors": counts.errors,
        "reference_length": counts.reference_length,
        **asdict(counts),
    }


def tally_json(tally: Tally) -> dict[str, Any]:
    """As `counts_json`, with what was recognised on empty references."""
    return {**counts_json(tally.counts), "insertions_on_empty": tally.insertions_on_empty}


def _tag(one: TagCauses) -> dict[str, Any]:
    named = {"tag": one.tag, "value": one.value, "scored": one.scored}
    return {**named, **tally_json(one.total), **_kinds(one.kinds)}


def _kinds(kinds: KindCounts | Analysis) -> dict[str, Any]:
    return {
        "codeswitch": _codeswitch(kinds.codeswitch),
        "hallucinations": asdict(kinds.hallucinations),
        "sounds": None if kinds.sounds is None else _sounds(kinds.sounds),
        "written_mandarin": None if kinds.written_mandarin is None else _written(kinds.written_mandarin),
        "terms": _terms(kinds.terms),
    }


def _codeswitch(found: CodeSwitch) -> dict[str, Any]:
    return {
        "han": counts_json(found.han),
        "latin": counts_json(found.latin),
        "other": counts_json(found.other),
        "at_switch": counts_json(found.at_switch),
        "elsewhere": counts_json(found.elsewhere),
        "latin_terms": _recall(found.terms),
        "numbers": _recall(found.numbers),
        "translated": found.translated,
    }


def _recall(found: Recall) -> dict[str, Any]:
    return {"said": found.said, "found": found.found, "recall": found.rate}


def _sounds(found: SoundCounts) -> dict[str, Any]:
    return {
        "units": counts_json(found.units),
        "syllables": counts_json(found.syllables),
        "toneless": counts_json(found.toneless),
        "same_sound": found.same_sound,
        "same_but_tone": found.same_but_tone,
        "other_sound": found.other_sound,
    }


def _written(found: WrittenMandarin) -> dict[str, Any]:
    return {**asdict(found), "rate": found.rate}


def _terms(terms: Mapping[str, TermCounts]) -> dict[str, Any]:
    return {
        term: {**asdict(counts), "recall": counts.recall, "precision": counts.precision}
        for term, counts in terms.items()
    }


def _confusions(kinds: Sequence[Confusion]) -> dict[str, Any]:
    return {"kinds": len(kinds), "most_frequent": [asdict(one) for one in kinds[:MOST_CONFUSIONS]]}
