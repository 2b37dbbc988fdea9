"""`workbench doctor --offline-proof`."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic_core import to_jsonable_python

from workbench import services
from workbench.cli.console import Console
from workbench.sealed.packets import Attempt
from workbench.services import OfflineProof


def prove(console: Console) -> int:
    """Show that nothing leaves; 1 where something did, or where the detector does not detect.

    Raises:
        WorkbenchError: The kernel refuses a namespace, or the transcription failed.
    """
    console.note("Transcribing where every attempt to leave is seen …")
    proof = services.prove_offline()
    verdict = {"detects": proof.detects, "seals": proof.seals, "holds": proof.holds}
    console.document({**to_jsonable_python(proof), "layers": proof.layers.as_json(), **verdict})
    for line in _lines(proof):
        console.say(line)
    return 0 if proof.holds else 1


def _lines(proof: OfflineProof) -> list[str]:
    listened = "" if proof.engine != "scripted" else " No model is installed: it only said how long the recording is."
    lost = "" if not proof.packets_lost else f" It lost {proof.packets_lost} packets."
    verdict = "Nothing tried to leave this machine." if proof.holds else "This is not shown: see above."
    return [
        f"The detector: shown {_listed(proof.seen_of_canary)}.{lost}",
        f"The transcription: {proof.recording} by {proof.engine} in {proof.wall_seconds:.1f} s: {proof.text}{listened}",
        f"It tried to reach: {_listed(proof.attempts)}.",
        f"The seal: {proof.layers.sentence}",
        f"Pulled at, it let through: {', '.join(proof.passed_seal) or _listed(proof.seen_of_sealed)}.",
        verdict,
    ]


def _listed(attempts: Sequence[Attempt]) -> str:
    return ", ".join(f"{one.kind} {one.target}" for one in attempts) or "nothing"
