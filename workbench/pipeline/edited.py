"""A transcript with what people did to it: nothing is lost, everything can be undone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from workbench.audio.segment import Span
from workbench.engines.base import Segment
from workbench.pipeline.coverage import Flag, Stretch, cover
from workbench.pipeline.editing import Edited, apply_edits
from workbench.pipeline.edits import Edit, Entry, Redo, Undo
from workbench.pipeline.passages import Passage, timed_segments
from workbench.pipeline.rerun import Rerun
from workbench.pipeline.speaker_labels import name_speakers
from workbench.pipeline.transcript import Transcript, join_texts, warning_of
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

    def __post_init__(self) -> None:
        object.__setattr__(self, "_state", apply_edits(self.raw, self.history))

    def edit(self, *edits: Edit) -> EditedTranscript:
        """With more edits; what was undone before cannot be done again afterwards.

        Raises:
            UsageError: One cannot be applied.
        """
        return replace(self, history=(*self.history, *edits))

    def undo(self) -> EditedTranscript:
        """Without the last edit that is not undone.

        Raises:
            UsageError: There is none.
        """
        return replace(self, history=(*self.history, Undo()))

    def redo(self) -> EditedTranscript:
        """With the edit that was undone last.

        Raises:
            UsageError: There is none.
        """
        return replace(self, history=(*self.history, Redo()))

    @property
    def can_undo(self) -> bool:
        return _depths(self.history)[0] > 0

    @property
    def can_redo(self) -> bool:
        return _depths(self.history)[1] > 0

    @property
    def passages(self) -> tuple[Passage, ...]:
        """The segments with their numbers, in order, also those without text."""
        return self._state.passages

    @property
    def flags(self) -> tuple[tuple[Flag, bool], ...]:
        """Places to check, and whether somebody did."""
        return tuple((flag, flag in self._state.checked) for flag in self._state.flags)

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
        return tuple(self._changes())

    def _changes(self) -> Iterator[ProposedChange]:
        if not (self.rules or self.replacements):
            return
        for passage in self.passages:
            for change in propose(passage.text, self.rules, replacements=self.replacements):
                yield ProposedChange(segment=passage.id, change=change, refused=passage.refuses(change))

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
        segments = timed_segments(state.passages)
        if corrected:
            segments = retext(segments, self._corrected(segments), keep_confidence=True)
        hypothesis = replace(
            raw.hypothesis,
            text=_text(raw, state.passages, segments),
            segments=tuple(one for one in segments if one.text.strip()),
        )
        shown = replace(raw, hypothesis=hypothesis, speakers=_speakers(state))
        if state.names:
            shown = name_speakers(shown, dict(state.names))
        return _reviewed(shown, state)

    def _corrected(self, segments: Sequence[Segment]) -> list[str]:
        accepted: dict[int, list[Change]] = {}
        for one in self._changes():
            if not one.refused:
                accepted.setdefault(one.segment, []).append(one.change)
        return [
            apply_changes(passage.text, accepted[passage.id]) if passage.id in accepted else segment.text
            for passage, segment in zip(self.passages, segments, strict=True)
        ]


def _depths(history: Sequence[Entry]) -> tuple[int, int]:
    """How many edits can be undone, and done again."""
    done = undone = 0
    for entry in history:
        if isinstance(entry, Undo):
            done, undone = done - 1, undone + 1
        elif isinstance(entry, Redo):
            done, undone = done + 1, undone - 1
        else:
            done, undone = done + 1, 0
    return done, undone


def _text(raw: Transcript, passages: Sequence[Passage], segments: Sequence[Segment]) -> str:
    """The whole text; between segments that followed each other from the first stands what the engine put there."""
    if [one.text for one in segments] == [one.text for one in raw.segments]:
        return raw.text
    gaps = _gaps(raw)
    text = ""
    last: int | None = None
    for passage, segment in zip(passages, segments, strict=True):
        piece = segment.text.strip()
        if not piece:
            continue
        if text:
            known = last is not None and passage.id == last + 1 < len(gaps)
            text += gaps[passage.id] if known else join_texts((text[-1], piece[0]))[1:-1]
        text += piece
        last = passage.id
    return text


def _gaps(raw: Transcript) -> list[str]:
    """What stands before each segment in the text; nothing where the text is not that of the segments."""
    gaps: list[str] = []
    after = 0
    for segment in raw.segments:
        piece = segment.text.strip()
        place = raw.text.find(piece, after)
        if place < 0 or raw.text[after:place].strip():
            return []
        gaps.append(raw.text[after:place])
        after = place + len(piece)
    return [] if raw.text[after:].strip() else gaps


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
