"""A trial as the document that programs are handed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from workbench.runs.trial import SystemEstimate, Trial


def trial_json(found: Trial) -> dict[str, Any]:
    """Where a trial stands: the clips to label with what each system heard, and what the labels say so far."""
    clips = {one.id: one for one in found.clips}
    return {
        "trial": found.name,
        "metric": found.metric,
        "ruler": found.ruler,
        "clips": len(found.clips),
        "lacking": found.lacking,
        "labelled": found.labelled,
        "wanted": found.wanted,
        "draws": found.draws,
        "queue": [
            {"id": one, "audio": str(clips[one].audio), "texts": list(clips[one].texts), "apart": clips[one].apart}
            for one in found.queue
        ],
        "systems": [_system_json(one) for one in found.systems],
    }


def _system_json(one: SystemEstimate) -> dict[str, Any]:
    return {
        "engine": one.setting.engine,
        "chain": one.setting.chain,
        **asdict(one.rate),
        "against": None if one.against is None else asdict(one.against),
        "verdict": one.verdict,
        "sentence": one.sentence,
    }
