"""What a recording is like, before it is transcribed. Pure: values in, HTML out."""

from __future__ import annotations

from html import escape

from workbench.audio.inspection import Inspection
from workbench.ui.labels import ENGLISH, Labels
from workbench.ui.language import say, tell


def check_view(found: Inspection, labels: Labels = ENGLISH) -> str:
    """A line of facts, and a sentence for everything that would help."""
    facts = " · ".join(check_facts(found, labels))
    sentences = (*found.warnings, *(advice.sentence for advice in found.advice))
    advice = "".join(f"<li>{escape(tell(sentence))}</li>" for sentence in sentences)
    told = f"<ul>{advice}</ul>" if advice else ""
    fine = "" if advice else f" {escape(labels.check_fine)}"
    line = f"{escape(say('{facts}.', facts=facts))}{fine}"
    return f'<section class="wb-check" aria-label="{escape(labels.check)}"><p>{line}</p>{told}</section>'


def check_facts(found: Inspection, labels: Labels = ENGLISH) -> list[str]:
    """What was found, as short phrases; what is not known is left out."""
    channels = {1: labels.check_mono, 2: labels.check_stereo}
    facts = [
        labels.check_speech.format(share=f"{100 * found.speech_share:.0f} %"),
        channels.get(found.channels) or labels.check_channels.format(count=found.channels),
        f"{found.sample_rate / 1000:g} kHz",
    ]
    if found.loudness_lufs is not None:
        facts.append(f"{found.loudness_lufs:.0f} LUFS".replace("-", "−"))
    if found.snr_db is not None:
        facts.append(labels.check_snr.format(level=f"{found.snr_db:.0f}".replace("-", "−")))
    if found.bandwidth_hz is not None:
        facts.append(labels.check_band.format(reach=f"{found.bandwidth_hz / 1000:.1f}"))
    return facts
