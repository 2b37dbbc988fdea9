"""A transcript with what people did to it: nothing is lost, everything can be undone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from workbench.audio.segment import Span
from workbench.engines.base import Segment
from workbench.pipeline.coverage import Flag, Stretch, cover
from workbench.pipeline.editing import Edited, apply_edit, apply_edits
from workbench.pipeline.edits import Edit, Entry, Redo, Undo
from workbench.pipeline.passages import Passage, timed_segments, whole_text
from workbench.pipeline.rerun import Rerun
from workbench.pipeline.speaker_labels import name_speakers
from workbench.pipeline.transcript import Transcript, warning_of
from workbench.pipeline.turns import Speaker
from workbench.pipeline.words import retext
from workbench.text.corrections import Change, apply_changes, propose


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedChange:
    """A correction of one segment.

    Attributes:
        segment: Its number.
        change: In characters of the segment's text as it was edited.
        refused: Whether readers do not get it.
    """

    segment: int
    change: Change
    refused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSegment:
    """A segment as readers get it.

    Attributes:
        passage: As it was edited.
        changes: What the corrections that are on propose for its text, refused ones too.
        segment: With the corrections that were not refused. Its text may be empty: then readers do not get it.
    """

    passage: Passage
    changes: tuple[Change, ...]
    segment: Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedTranscript:
    """The transcript as the engine wrote it, and its history; what readers get is `view()`.

    Attributes:
        raw: Never changed.
        history: Edits, and when they were undone and done again; only ever added to.

    Raises:
        UsageError: An entry of the history cannot be applied to what the ones before it left.
    """

    raw: Transcript
    history: tuple[Entry, ...] = ()
    _state: Edited = field(init=False, repr=False, compare=False)
    _shown: dict[int, ShownSegment] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._become(apply_edits(self.raw, self.history), {})

    def _become(self, state: Edited, shown: dict[int, ShownSegment]) -> None:
        object.__setattr__(self, "_state", state)
        object.__setattr__(self, "_shown", shown)

    def _after(self, entry: Edit | Undo | Redo, state: Edited) -> EditedTranscript:
        """With one entry more, which made that state; segments that stay as they are need not be corrected again."""
        found: EditedTranscript = object.__new__(EditedTranscript)
        object.__setattr__(found, "raw", self.raw)
        object.__setattr__(found, "history", (*self.history, entry))
        found._become(state, self._shown if state.corrections == self._state.corrections else {})
        return found

    def edit(self, *edits: Edit) -> EditedTranscript:
        """With more edits; what was undone before cannot be done again afterwards.

        Raises:
            UsageError: One cannot be applied.
        """
        found = self
        for edit in edits:
            found = found._after(edit, apply_edit(found._state, edit))
        return found

    def undo(self) -> EditedTranscript:
        """Without the last edit that is not undone.

        Raises:
            UsageError: There is none.
        """
        return self._after(Undo(), apply_edits(self.raw, (*self.history, Undo())))

    def redo(self) -> EditedTranscript:
        """With the edit that was undone last.

        Raises:
            UsageError: There is none.
        """
        return self._after(Redo(), apply_edits(self.raw, (*self.history, Redo())))

    @property
    def can_undo(self) -> bool:
        return self.last_done is not None

    @property
    def can_redo(self) -> bool:
        return self.last_undone is not None

    @property
    def last_done(self) -> Edit | None:
        """The edit that `undo` would take back."""
        return next(reversed(_stacks(self.history)[0]), None)

    @property
    def last_undone(self) -> Edit | None:
        """The edit that `redo` would do again."""
        return next(reversed(_stacks(self.history)[1]), None)

    @property
    def passages(self) -> tuple[Passage, ...]:
        """The segments with their numbers, in order, also those without text."""
        return self._state.passages

    @property
    def flags(self) -> tuple[tuple[Flag, bool], ...]:
        """Places to check, and whether somebody did."""
        return tuple((flag, flag in self._state.checked) for flag in self._state.flags)

    @property
    def reruns(self) -> tuple[Rerun, ...]:
        """What was transcribed again and taken, in the order in which it was."""
        return self._state.reruns

    @property
    def rules(self) -> tuple[str, ...]:
        """The corrections that are on."""
        return self._state.corrections.rules

    @property
    def replacements(self) -> dict[str, str]:
        """The reader's own list that is on."""
        return dict(self._state.corrections.replacements)

    def changes(self) -> tuple[ProposedChange, ...]:
        """What the corrections that are on would change, segment by segment; each rule sees one segment at a time."""
        return tuple(
            ProposedChange(segment=one.passage.id, change=change, refused=one.passage.refuses(change))
            for one in self.shown()
            for change in one.changes
        )

    def shown(self) -> tuple[ShownSegment, ...]:
        """The segments as readers get them, in order, also those that came to be without text."""
        old = [self._shown.get(passage.id) for passage in self.passages]
        new = [
            passage
            for passage, known in zip(self.passages, old, strict=True)
            if known is None or not (known.passage is passage or known.passage == passage)
        ]
        if new:
            corrected = {one.passage.id: one for one in self._show(new)}
            # Another thread may be reading the one before, which has the same memory.
            object.__setattr__(self, "_shown", self._shown | corrected)
        return tuple(self._shown[passage.id] for passage in self.passages)

    def _show(self, passages: Sequence[Passage]) -> Iterator[ShownSegment]:
        segments = timed_segments(passages)
        is_on = bool(self.rules or self.replacements)
        changes = [propose(one.text, self.rules, replacements=self.replacements) if is_on else () for one in passages]
        texts = [
            _accepted(passage, proposed, segment.text)
            for passage, proposed, segment in zip(passages, changes, segments, strict=True)
        ]
        corrected = retext(segments, texts, keep_confidence=True)
        for passage, proposed, segment in zip(passages, changes, corrected, strict=True):
            yield ShownSegment(passage=passage, changes=proposed, segment=segment)

    def whole_segments(self, start: float, end: float) -> tuple[tuple[int, ...], Span]:
        """The segments of which a part lies between two moments, and the time from the first to the last of them.

        What is transcribed again takes the place of whole segments: without times of words, text cannot be cut in time.

        Args:
            start: Seconds into the recording.
            end: The same.
        """
        inside = [one for one in self.passages if one.start < end and one.end > start]
        span = Span(min([start, *(one.start for one in inside)]), max([end, *(one.end for one in inside)]))
        return tuple(one.id for one in inside), span

    def view(self, *, corrected: bool = True) -> Transcript:
        """What readers, exports and subtitles take: the edits, then the corrections that were not refused.

        Words that are as the engine wrote them keep their times and confidence. A checked flag and its warning are
        gone. It is complete where nothing else made it incomplete. What it says of engine, cost and how decoding ended
        is that of the first run.

        Args:
            corrected: Whether corrections are made; not for what is compared with other texts.
        """
        state, raw = self._state, self.raw
        segments = [one.segment for one in self.shown()] if corrected else timed_segments(state.passages)
        hypothesis = replace(
            raw.hypothesis,
            text=whole_text(raw, state.passages, segments),
            segments=tuple(one for one in segments if one.text.strip()),
        )
        shown = replace(raw, hypothesis=hypothesis, speakers=_speakers(state))
        if state.names:
            shown = name_speakers(shown, dict(state.names))
        return _reviewed(shown, state)


def _accepted(passage: Passage, proposed: Sequence[Change], text: str) -> str:
    """The text with what was not refused; as it stands in the segment where that is nothing."""
    accepted = [change for change in proposed if not passage.refuses(change)]
    return apply_changes(passage.text, accepted) if accepted else text


def _stacks(history: Sequence[Entry]) -> tuple[list[Edit], list[Edit]]:
    """What can be undone, and what can be done again; the next one is the last of each."""
    done: list[Edit] = []
    undone: list[Edit] = []
    for entry in history:
        if isinstance(entry, Undo):
            undone.append(done.pop())
        elif isinstance(entry, Redo):
            done.append(undone.pop())
        else:
            done.append(entry)
            undone.clear()
    return done, undone


def _speakers(state: Edited) -> tuple[Speaker, ...]:
    """Those of the recording, then those a person added, with the time of the segments given to them."""
    said = {label: sum(one.end - one.start for one in state.passages if one.speaker == label) for label in state.added}
    added = (Speaker(label=label, name=f"Speaker {label}", seconds=said[label]) for label in state.added)
    return (*state.raw.speakers, *added)


def _reviewed(shown: Transcript, state: Edited) -> Transcript:
    """With the places that are still to be checked."""
    raw = state.raw
    if not (state.checked or state.reruns):
        return shown
    flags = tuple(flag for flag in state.flags if flag not in state.checked)
    open_warnings = [warning_of(flag) for flag in flags if flag.is_missing]
    settled = {warning_of(flag) for flag in raw.flags if flag.is_missing} - set(open_warnings)
    kept = [one for one in shown.warnings if one not in settled]
    told = [warning for rerun in state.reruns for warning in rerun.warnings]
    return replace(
        shown,
        warnings=tuple(dict.fromkeys([*kept, *open_warnings, *told])),
        flags=flags,
        coverage=_covered(raw, state.reruns, flags),
        complete=not open_warnings and (raw.complete or not kept),
    )


def _covered(raw: Transcript, reruns: Sequence[Rerun], flags: Sequence[Flag]) -> tuple[Stretch, ...]:
    if not raw.coverage:
        return ()
    heard = [Span(one.start, one.end) for one in raw.coverage if one.kind != "silence"]
    return cover(raw.duration_seconds, [*heard, *(Span(one.start, one.end) for one in reruns)], flags)
