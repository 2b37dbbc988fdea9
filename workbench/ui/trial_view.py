"""Choosing on recordings without labels, as HTML: a clip to be labelled, the estimates, all clips. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from html import escape
from string import ascii_uppercase

from workbench.runs.sweep_store import Setting
from workbench.runs.trial import SystemEstimate, Trial, TrialClip
from workbench.runs.trial_store import TrialRecord
from workbench.scoring.agreement import Piece, mark_differences
from workbench.scoring.sampling import LEAST_DRAWS
from workbench.scoring.score import METRICS, align
from workbench.scoring.sounds import count_edits
from workbench.text.rulers import Ruler
from workbench.ui import format as written
from workbench.ui.compare_figures import VERDICT_CLASSES
from workbench.ui.differences import METRIC_NAMES, inline_view
from workbench.ui.language import say, say_many, tell
from workbench.ui.picks import pick

PLAYER = "trial-player"
MOST_LISTED = 300


def blind_order(trial: str, clip: str, systems: int) -> list[int]:
    """In which order a clip's systems stand: another one for each clip, the same whenever it is shown."""
    order = list(range(systems))
    random.Random(f"{trial}/{clip}").shuffle(order)
    return order


def letter_of(place: int) -> str:
    """What the system at that place goes by: A … Z, then numbers."""
    return ascii_uppercase[place] if place < len(ascii_uppercase) else str(place + 1)


def setting_name(setting: Setting) -> str:
    """`builtin · highpass`."""
    return f"{setting.engine} · {setting.chain or say('no preprocessing')}"


def trial_label(record: TrialRecord) -> str:
    """A stored trial in a list."""
    parts = (
        record.name,
        say_many(record.clips, "{count} clip", "{count} clips"),
        say_many(len(record.settings), "{count} system", "{count} systems"),
        record.created.replace("T", " ")[:16],
    )
    return " · ".join(parts)


def clip_view(found: Trial, clip: TrialClip, *, player: str, ruler: Ruler, language: str = "") -> str:
    """A clip with what the systems heard; which is which is said once it is labelled.

    Args:
        found: The trial.
        clip: Which of its clips.
        player: Markup that plays it.
        ruler: What texts are compared under.
        language: Of the recordings; decides which Han forms are shown.
    """
    texts = _blind(found, clip, ruler) if clip.label is None else _revealed(found, clip, ruler)
    lang = f' lang="{escape(language)}"' if language else ""
    return (
        f'<div class="wb-detail wb-trial-clip"><header><h3 dir="auto">{escape(clip.id)}</h3>{_state(found, clip)}'
        f'</header>{player}<div class="wb-panel"><h3>{say("What the systems heard")}</h3>'
        f'<ul class="wb-heard-by"{lang}>{texts}</ul></div></div>'
    )


def _state(found: Trial, clip: TrialClip) -> str:
    """Whether it is labelled, and whether its label counts."""
    if clip.label is not None:
        told = say("labelled") if clip.label.usable else say("cannot be understood")
    elif clip.id in found.queue:
        told = say("Label {number} of {wanted}", number=found.labelled + 1, wanted=found.wanted)
    else:
        told = say("not drawn: its label is kept, and counts in no rate")
    return f'<span class="wb-tag">{told}</span>'


def _blind(found: Trial, clip: TrialClip, ruler: Ruler) -> str:
    """Texts by letters; those that are the same, once. What not all systems have is marked."""
    order = blind_order(found.name, clip.id, len(clip.texts))
    marked = mark_differences([clip.texts[place] for place in order], ruler)
    groups: dict[str, list[int]] = {}
    for at, place in enumerate(order):
        groups.setdefault(clip.texts[place], []).append(at)
    return "".join(
        f"<li>{_letters(places)}{_marked(marked[places[0]])}{_take(places[0])}</li>" for places in groups.values()
    )


def _letters(places: Sequence[int]) -> str:
    return f"<span>{''.join(f'<b class=wb-letter>{letter_of(at)}</b>' for at in places)}</span>"


def _marked(pieces: Sequence[Piece]) -> str:
    if not pieces:
        return _plain("")
    title = say("Other systems have something else here")
    text = "".join(
        f'<mark title="{title}">{escape(piece.text)}</mark>' if piece.alone else escape(piece.text) for piece in pieces
    )
    return f'<p dir="auto">{text}</p>'


def _take(at: int) -> str:
    return f'<button type="button" class="wb-copy" {pick(take=at)}>{say("Start from this")}</button>'


def _revealed(found: Trial, clip: TrialClip, ruler: Ruler) -> str:
    """Every text under its system's name, with its errors against the label."""
    rows: list[str] = []
    for at, place in enumerate(blind_order(found.name, clip.id, len(clip.texts))):
        name = escape(setting_name(found.settings[place]))
        rows.append(
            f"<li class=wb-named>{_letters([at])}<b><bdi>{name}</bdi></b>{_against(found, clip, place, ruler)}</li>"
        )
    return "".join(rows)


def _against(found: Trial, clip: TrialClip, place: int, ruler: Ruler) -> str:
    text = clip.texts[place]
    if clip.label is None or not clip.label.usable:
        return _plain(text)
    edits = align(ruler.apply(clip.label.text), ruler.apply(text), METRICS[found.metric])
    errors = say_many(count_edits(edits).errors, "{count} error", "{count} errors")
    return f"<small>{errors}</small>{inline_view(edits)}"


def _plain(text: str) -> str:
    return f'<p dir="auto">{escape(text)}</p>' if text.strip() else f"<p><em>{say('nothing')}</em></p>"


def saved_words(found: Trial, clip: TrialClip, ruler: Ruler) -> str:
    """Which system was which in the clip that was just labelled, and how many errors it made; plain text."""
    told: list[str] = []
    for at, place in enumerate(blind_order(found.name, clip.id, len(clip.texts))):
        words = f"{letter_of(at)}: {setting_name(found.settings[place])}"
        if clip.label is not None and clip.label.usable:
            edits = align(ruler.apply(clip.label.text), ruler.apply(clip.texts[place]), METRICS[found.metric])
            errors = say_many(count_edits(edits).errors, "{count} error", "{count} errors")
            words += f" ({errors})"
        told.append(words)
    return "; ".join(told)


def estimates_view(found: Trial) -> str:
    """What the labels say so far of each system, over all clips."""
    name = METRIC_NAMES[found.metric]
    rows = "".join(_estimate_row(one, found) for one in found.systems)
    over = say_many(len(found.clips), "of {count} clip", "of all {count} clips")
    labelled = say("{part} of {total} labelled", part=found.labelled, total=found.wanted)
    width = 100 * found.labelled / found.wanted
    lacking = say_many(
        found.lacking,
        "{count} clip is left out: a system failed on it.",
        "{count} clips are left out: a system failed on them.",
    )
    return (
        f'<div class="wb-panel wb-estimates"><h3>{say("Estimated {metric}", metric=name)} <span>{over}</span></h3>'
        f'<div class="wb-progress"><div><span>{labelled}</span></div><div class="wb-bar"><i style="width:{width:.1f}%">'
        f"</i></div></div><ul>{rows}</ul>"
        f'<p class="wb-hint">{_basis(found)}{f" {lacking}" if found.lacking else ""}</p></div>'
    )


def _estimate_row(one: SystemEstimate, found: Trial) -> str:
    rate = written.rate_interval(one.rate.value, one.rate.ci95)
    if one.verdict is None:
        against = f'<small class="wb-same-run">{say("baseline")}</small>'
    elif found.draws < LEAST_DRAWS or one.against is None or one.against.value is None:
        against = ""
    else:
        figures = one.sentence.removeprefix(one.verdict).strip().removeprefix("(").removesuffix(")")
        against = (
            f'<span class="wb-verdict {VERDICT_CLASSES[one.verdict]}">{escape(tell(one.verdict))}</span>'
            f"<small>{escape(tell(figures))}</small>"
        )
    name = f"<bdi>{escape(one.setting.engine)}</bdi><code>{escape(one.setting.chain or say('no preprocessing'))}</code>"
    return f"<li><span>{name}</span><b>{rate}</b>{against}</li>"


def _basis(found: Trial) -> str:
    least, draws = LEAST_DRAWS, found.draws
    if draws < least:
        return say("Intervals and verdicts come with draw {least}: {draws} so far.", least=least, draws=draws)
    return say(
        "From {draws} draws. Clips on which systems differ are drawn more often and weigh less, so that the rates are "
        "those of all clips. Verdicts hold for all systems together (Holm).",
        draws=draws,
    )


def clips_view(found: Trial, current: str) -> str:
    """All clips, those first on which systems differ most."""
    queue = set(found.queue)
    rows = "".join(_clip_row(one, one.id in queue, current) for one in found.clips[:MOST_LISTED])
    rest = len(found.clips) - MOST_LISTED
    more = say_many(rest, "… and {count} more clip", "… and {count} more clips")
    heads = (say("Clip"), say("Length"), say("Differ by"), say("Label"))
    head = "".join(f"<th>{one}</th>" for one in heads)
    return (
        f'<table class="wb-cliptable"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
        f"{f'<p class=wb-note>{more}</p>' if rest > 0 else ''}"
    )


def _clip_row(one: TrialClip, drawn: bool, current: str) -> str:
    if one.label is None:
        said = f"<em>{say('to be labelled') if drawn else ''}</em>"
    elif not one.label.usable:
        said = f"<em>{say('cannot be understood')}</em>"
    else:
        said = escape(one.label.text) or f"<em>{say('nothing')}</em>"
    here = ' aria-current="true"' if one.id == current else ""
    name, seconds = escape(one.id), written.seconds(one.seconds, decimals=1)
    return (
        f'<tr data-clip="{name}" {pick(clip=one.id)} tabindex="0"{here}><th dir="auto">{name}</th>'
        f'<td class="wb-figure">{seconds}</td><td class="wb-figure wb-ratecell"><b>{one.apart:.1f}</b></td>'
        f'<td class="wb-said"><p dir="auto">{said}</p></td></tr>'
    )
