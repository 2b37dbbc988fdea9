"""What a sweep says for one recording, as the document that programs are handed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from workbench.runs.recommendation import Recommendation
from workbench.runs.report import ranking_json


def recommendation_json(found: Recommendation) -> dict[str, Any]:
    """The sentence, how the recording and the nearest clips sound, and the settings in order over those clips."""
    return {
        "sweep_id": found.sweep_id,
        "recommended": found.recommended,
        "sentence": found.sentence,
        "alike": found.alike,
        "conditions": asdict(found.conditions),
        "snr_db": found.snr_db,
        "bandwidth_hz": found.bandwidth_hz,
        "measured": found.measured,
        "unreadable": found.unreadable,
        **ranking_json(found.ranking),
    }
