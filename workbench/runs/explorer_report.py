"""A page of clips as the document that programs are handed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from workbench.runs.clip_query import KINDS
from workbench.runs.explorer import ClipPage, Total
from workbench.runs.records import ItemResult
from workbench.runs.scored import Clip


def page_json(page: ClipPage) -> dict[str, Any]:
    """What was asked, all matches in figures, and the page's clips; what does not exist is None."""
    return {
        "run_id": page.run_id,
        "ruler": page.ruler,
        "ruler_hash": page.ruler_hash,
        "headline": page.headline,
        "query": asdict(page.query),
        "total": page.total,
        "pages": page.pages,
        "matches": _total_json(page.matches),
        "clips": [_clip_json(clip) for clip in page.rows],
    }


def _total_json(found: Total) -> dict[str, Any]:
    counts = found.counts
    return {
        "clips": found.clips,
        "failed": found.failed,
        "empty_references": found.empty_references,
        "rate": counts.rate,
        "errors": counts.errors,
        **asdict(counts),
        "reference_length": counts.reference_length,
        "insertions_on_empty": found.insertions_on_empty,
        "ci95": None if found.ci95 is None else list(found.ci95),
        "clusters": found.clusters,
        "cluster_by": found.cluster_by,
    }


def _clip_json(clip: Clip) -> dict[str, Any]:
    outcome = clip.outcome
    result = outcome if isinstance(outcome, ItemResult) else None
    return {
        "id": outcome.id,
        "reference": outcome.reference,
        "text": None if result is None else result.text,
        "error": None if isinstance(outcome, ItemResult) else outcome.message,
        "rate": clip.rate,
        "counts": None if clip.counts is None else {name: asdict(one) for name, one in clip.counts.items()},
        "audio_seconds": None if result is None else result.audio_seconds,
        "kinds": [kind for kind in KINDS if kind in (clip.kinds or ())],
        "warnings": [] if result is None else list(result.warnings),
        "tags": dict(outcome.tags),
    }
