"""Labelling the clips of a trial on the page: one after the other, without knowing which system is which."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from workbench import services
from workbench.errors import RunError, UnknownName
from workbench.runs.trial import LABELS_WANTED, Trial, TrialClip
from workbench.text.rulers import find_ruler
from workbench.ui.clips import clip_player
from workbench.ui.context import PageContext, Updates, components_of, unchanged
from workbench.ui.language import say
from workbench.ui.notices import notice, page_error
from workbench.ui.picks import picked
from workbench.ui.trial_view import PLAYER, blind_order, clip_view, clips_view, estimates_view, saved_words

_MORE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What one browser tab is at.

    Attributes:
        trial: Its name; empty before one is open.
        clip: The clip that is shown; empty where all that were drawn are labelled.
        path: Clips that were labelled since it was opened, the last one last.
        wanted: How many to label.
        asked_empty: Whether it was asked if really nobody speaks.
    """

    trial: str = ""
    clip: str = ""
    path: tuple[str, ...] = ()
    wanted: int = LABELS_WANTED
    asked_empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where a clip is labelled, and what the labels say."""

    whole: Any
    clip: Any
    writing: Any
    text: Any
    said: Any
    back: Any
    unusable: Any
    save: Any
    more: Any
    estimates: Any
    clips: Any
    set_name: Any
    keep: Any
    kept: Any
    delete: Any
    confirm: Any
    really: Any
    rather_not: Any
    desk: Any


class Labelling:
    """What the events of the labelling view do. Each method returns updates by component."""

    def __init__(self, context: PageContext, bench: Bench) -> None:
        self.context = context
        self.bench = bench

    @property
    def outputs(self) -> list[Any]:
        """All that an update may name."""
        return components_of(self.bench)

    def show(self, name: str) -> Updates:
        """A trial at the clip to label next.

        Raises:
            UnknownName: There is none of that name.
            RunError: Not all its runs are there.
        """
        found = services.trial(name, pool=self.context.pool)
        labelled = sum(clip.label is not None for clip in found.clips)
        wanted = max(LABELS_WANTED, _MORE * math.ceil(labelled / _MORE))
        cleared = {self.bench.said: "", self.bench.kept: "", self.bench.set_name: ""}
        return self.hide_question() | cleared | self._next(Desk(trial=name, wanted=wanted))

    def save(self, desk: Desk, text: str | None) -> Updates:
        """Keep what was written, and go to the next clip; that nobody speaks must be said twice."""
        if not (text or "").strip() and not desk.asked_empty:
            asked = say("Nothing is written. Save again if nobody speaks in it.")
            return {self.bench.said: notice(asked), self.bench.desk: replace(desk, asked_empty=True)}
        return self._label(desk, text=text or "")

    def refuse(self, desk: Desk) -> Updates:
        """It cannot be told what was said."""
        return self._label(desk, unusable=True)

    def back(self, desk: Desk) -> Updates:
        """The clip that was labelled before."""
        if not desk.path:
            return unchanged(self.bench.said)
        return self._try(lambda: self._open(replace(desk, path=desk.path[:-1]), desk.path[-1]) | {self.bench.said: ""})

    def pick(self, desk: Desk, event: gr.EventData) -> Updates:
        """A system's text as a start, or another clip."""
        return self._try(lambda: self._pick(desk, picked(event)))

    def more(self, desk: Desk) -> Updates:
        """Draw more clips."""
        return self._try(lambda: self._next(replace(desk, wanted=desk.wanted + _MORE)))

    def keep(self, desk: Desk, set_name: str | None) -> Updates:
        """The labelled clips as a private set."""
        try:
            services.keep_labels(desk.trial, (set_name or "").strip(), pool=self.context.pool)
        except Exception as error:
            return {self.bench.kept: page_error(error, self.context.labels)}
        made = say("Made the set {name}.", name=(set_name or "").strip())
        hint = say("It is among the eval sets when the page is opened again. Its clips are harder than the recordings.")
        return {self.bench.kept: notice(made, hint)}

    def ask_delete(self) -> Updates:
        """Whether it should really go."""
        return {self.bench.confirm: gr.Column(visible=True), self.bench.delete: gr.Button(visible=False)}

    def hide_question(self) -> Updates:
        """It stays."""
        return {self.bench.confirm: gr.Column(visible=False), self.bench.delete: gr.Button(visible=True)}

    def _pick(self, desk: Desk, what: Mapping[str, Any]) -> Updates:
        if "clip" in what:
            return self._open(desk, str(what["clip"])) | {self.bench.said: ""}
        clip = _clip_of(self._found(desk), desk.clip)
        texts = {at: clip.texts[place] for at, place in enumerate(blind_order(desk.trial, clip.id, len(clip.texts)))}
        return {self.bench.text: texts.get(what.get("take", -1), gr.skip())}

    def _label(self, desk: Desk, **what: Any) -> Updates:
        def work() -> Updates:
            services.label_clip(desk.trial, desk.clip, pool=self.context.pool, **what)
            path = tuple(one for one in desk.path if one != desk.clip)
            updates = self._next(replace(desk, path=(*path, desk.clip)))
            found = self._found(desk)
            told = saved_words(found, _clip_of(found, desk.clip), find_ruler(found.ruler))
            return updates | {self.bench.said: notice(say("Saved {clip}.", clip=desk.clip), told)}

        return self._try(work)

    def _next(self, desk: Desk) -> Updates:
        found = self._found(desk)
        return self._open(desk, found.queue[0] if found.queue else "", found)

    def _open(self, desk: Desk, name: str, found: Trial | None = None) -> Updates:
        found = found or self._found(desk)
        bench, left = self.bench, len(found.clips) - found.wanted
        shown, text = self._clip(found, name) if name else (_all_labelled(found), "")
        return {
            bench.whole: gr.Column(visible=True),
            bench.clip: shown,
            bench.writing: gr.Column(visible=bool(name)),
            bench.text: text,
            bench.back: gr.Button(interactive=bool(desk.path)),
            bench.more: gr.Button(visible=not found.queue and left > 0),
            bench.estimates: estimates_view(found),
            bench.clips: clips_view(found, name),
            bench.desk: replace(desk, clip=name, asked_empty=False),
        }

    def _clip(self, found: Trial, name: str) -> tuple[str, str]:
        """A clip as it is shown, and its label where it has one."""
        clip = _clip_of(found, name)
        player = clip_player(self.context, str(clip.audio), player_id=PLAYER)
        records = services.list_trials(pool=self.context.pool)
        language = next((one.language for one in records if one.name == found.name), "")
        ruler = find_ruler(found.ruler)
        text = clip.label.text if clip.label is not None and clip.label.usable else ""
        return clip_view(found, clip, player=player, ruler=ruler, language=language), text

    def _found(self, desk: Desk) -> Trial:
        return services.trial(desk.trial, wanted=desk.wanted, pool=self.context.pool)

    def _try(self, work: Callable[[], Updates]) -> Updates:
        try:
            return work()
        except Exception as error:
            return {self.bench.said: page_error(error, self.context.labels)}


def is_unfinished(error: Exception) -> bool:
    """Whether a trial can be gone on with: it is there, and lacks runs."""
    return isinstance(error, RunError) and not isinstance(error, UnknownName)


def _clip_of(found: Trial, name: str) -> TrialClip:
    clip = next((one for one in found.clips if one.id == name), None)
    if clip is None:
        raise UnknownName("clip", name, [one.id for one in found.clips])
    return clip


def _all_labelled(found: Trial) -> str:
    return notice(
        say("All {wanted} clips that were drawn are labelled.", wanted=found.wanted),
        say("More labels make the intervals narrower."),
    )
