"""A transcript on the page: progress while it is made, then its facts and its files. Pure: values in, HTML out."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from workbench.audio.held import HeldPath
from workbench.pipeline.transcript import Transcript
from workbench.text.languages import language_name
from workbench.ui import format as written
from workbench.ui.labels import ENGLISH, Labels
from workbench.ui.language import tell
from workbench.ui.player import file_url
from workbench.ui.review import places_to_check

_WAVE_HEIGHTS = (4, 9, 16, 8, 22, 34, 18, 42, 52, 30, 44, 24, 12, 28, 40, 50, 26, 36, 16, 24, 10, 18, 8, 12, 5, 8, 3)
_WAVE = (
    '<svg viewBox="0 0 220 56" aria-hidden="true"><path d="'
    + "".join(f"M{6 + 8 * index} {28 - height / 2}v{height}" for index, height in enumerate(_WAVE_HEIGHTS))
    + '"/></svg>'
)


def start_view(labels: Labels = ENGLISH) -> str:
    """What to do, before anything was done."""
    return (
        f'<div class="wb-start">{_WAVE}<p>{escape(labels.start_hint)}</p>'
        f'<p class="wb-hint">{escape(labels.start_formats)}</p></div>'
    )


def progress_view(message: str, *, done: int = 0, total: int | None = None, detail: str = "", key: str = "") -> str:
    """A bar with what is going on. Without a total the bar only says that something is.

    Args:
        message: A few words.
        done: Chunks finished.
        total: Chunks in all; None where that is not known yet.
        detail: More words, at the right.
        key: Seconds are counted anew when it changes.
    """
    part = 100 * done / total if total else 0
    bar = (
        f'<div class="wb-bar" role="progressbar" aria-valuemin="0" aria-valuemax="{total}" aria-valuenow="{done}">'
        f'<i style="width:{part:.1f}%"></i></div>'
        if total
        else '<div class="wb-bar wb-unknown" role="progressbar"><i></i></div>'
    )
    since = f'<span class="wb-num" data-since="{escape(key)}"></span>' if key else ""
    return (
        f'<div class="wb-progress"><div><span>{escape(message)}</span>'
        f'<span class="wb-num">{escape(detail)}{since}</span></div>{bar}</div>'
    )


def chunk_progress(
    *,
    index: int,
    total: int,
    audio_seconds: float,
    length: float | None,
    eta_seconds: float | None,
    labels: Labels = ENGLISH,
) -> str:
    """Progress after chunk `index` (from 0): how much is done, and how long the rest will take at the pace so far.

    Args:
        index: Which chunk, from 0.
        total: How many there are.
        audio_seconds: Where it ends in the recording.
        length: Of the recording; None where it is not known.
        eta_seconds: As `ChunkDone.eta_seconds`.
        labels: Words.
    """
    done = index + 1
    detail = written.clock(audio_seconds)
    if length:
        detail = labels.so_far.format(now=detail, length=written.clock(length))
    if total > done and eta_seconds is not None:
        detail += " · " + labels.time_left.format(time=written.about(eta_seconds))
    return progress_view(labels.chunk_of.format(done=done, total=total), done=done, total=total, detail=detail)


def said_view(caption: str) -> str:
    """A line below the player, plain text."""
    return f'<p class="wb-caption" dir="auto">{escape(caption)}</p>' if caption else ""


def facts_view(transcript: Transcript, *, device: str = "", labels: Labels = ENGLISH) -> str:
    """What is known of the transcript and what it cost. What was not measured says so."""
    cost = transcript.measurement
    gpu = written.seconds(cost.gpu_seconds)
    if cost.gpu_seconds is None:
        gpu = labels.no_gpu if device.startswith("cpu") else labels.not_measured
    memory = written.memory(cost.peak_rss_bytes) if cost.peak_rss_bytes is not None else labels.not_measured
    gpu_bytes = cost.peak_gpu_bytes if cost.peak_gpu_bytes is not None else cost.peak_gpu_process_bytes
    if gpu_bytes is not None:
        memory += f" + {written.memory(gpu_bytes)} GPU"
    spoken = tell(language_name(transcript.language)) if transcript.language else labels.unknown_language
    facts = [
        (labels.detected, spoken),
        (labels.length, written.duration(transcript.duration_seconds)),
        (labels.took, written.seconds(cost.wall_seconds)),
        (labels.speed_of_work, written.speed(cost.rtf)),
        (labels.rtf, written.factor(cost.rtf)),
        (labels.peak_memory, memory),
        (labels.gpu, gpu),
        (labels.model, transcript.model_id or transcript.engine),
    ]
    state = state_line(transcript, labels)
    mark = "wb-complete" if transcript.complete and not transcript.flags else "wb-incomplete"
    cells = "".join(_fact(name, value) for name, value in facts)
    badge = _fact(labels.state, state, f"wb-badge {mark}")
    return f'<dl class="wb-facts">{badge}{cells}</dl>'


def state_line(transcript: Transcript, labels: Labels = ENGLISH) -> str:
    """Complete, or what is left to do."""
    if transcript.flags:
        return places_to_check(len(transcript.flags), labels)
    return labels.complete if transcript.complete else labels.incomplete


def _fact(name: str, value: str, classes: str = "") -> str:
    wide = ' class="wb-wide"' if len(value) > 16 else ""
    looks = f' class="{classes}"' if classes else ""
    return f"<div{wide}><dt>{escape(name)}</dt><dd{looks}>{escape(value)}</dd></div>"


def downloads_view(files: Sequence[HeldPath], labels: Labels = ENGLISH, *, note: str = "") -> str:
    """A link for every file, and a few words on what is in them."""
    if not files:
        return ""
    links = "".join(
        f'<a href="{escape(file_url(one))}" download="{escape(one.name)}">{escape(one.suffix[1:].upper())}</a>'
        for one in files
    )
    small = f"<small>{escape(note)}</small>" if note else ""
    return f'<div class="wb-downloads"><span>{escape(labels.download)}</span>{links}{small}</div>'
