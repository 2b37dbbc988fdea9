"""Which speaker said which words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from workbench.engines.base import Segment, Word
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.turns import TOGETHER, SpeakerCount, Turn, speakers_of
from workbench.pipeline.words import leading_places

_ALSO_SHARE = 1 / 3
"""How much of the speech in a stretch a second speaker must have to be named beside the first."""

_AT_ONCE_SHARE = 0.5
"""How much of a word two must speak at once for both to be named; a word at a change of turns has one speaker."""

_NEAREST_SECONDS = 0.5
"""Engines' times are off by some tenths of a second: words so close to a turn belong to it."""

_SHORTEST_SECONDS = 0.3
"""Words of another speaker for a shorter time, between words of one, are taken for an error in time."""


def label_segments(segments: Sequence[Segment], turns: Sequence[Turn]) -> tuple[Segment, ...]:
    """Give each segment its speaker; a segment with times of words is cut where the speaker changes.

    Where people speak at once, or one segment without words holds the speech of two, the label names both, as `1+2`:
    whose words they are is not guessed. A segment far from any turn has none.

    Args:
        segments: Text with times of the recording.
        turns: Of the same recording.

    Returns:
        Segments that together hold the same text and words in the same order.
    """
    return tuple(piece for segment in segments for piece in _pieces(segment, turns))


def label_transcript(
    transcript: Transcript,
    turns: Sequence[Turn],
    names: Mapping[str, str] | None = None,
    *,
    asked: SpeakerCount = "auto",
) -> Transcript:
    """The transcript with its segments labelled, and its speakers named.

    Args:
        transcript: Without speakers.
        turns: Of the same recording.
        names: As for `name_speakers`.
        asked: How many speakers were to be found; that there are fewer is noted among the warnings.
    """
    speakers = speakers_of(turns)
    hypothesis = replace(transcript.hypothesis, segments=label_segments(transcript.segments, turns))
    warnings = transcript.warnings
    if asked != "auto" and len(speakers) < asked:
        warnings += (f"{asked} speakers were asked for; {len(speakers)} could be told apart.",)
    labelled = replace(transcript, hypothesis=hypothesis, turns=tuple(turns), speakers=speakers, warnings=warnings)
    return name_speakers(labelled, names or {})


def name_speakers(transcript: Transcript, names: Mapping[str, str]) -> Transcript:
    """The transcript with other names for its speakers; every export shows them.

    Args:
        transcript: With speakers.
        names: By label: `{"1": "Zhang"}`. An empty name gives the label's own back. A label that nobody has is
            noted among the warnings.
    """
    shown = {label: " ".join(name.split()) for label, name in names.items()}
    own = {speaker.label: f"Speaker {speaker.label}" for speaker in transcript.speakers}
    speakers = tuple(
        replace(one, name=shown[one.label] or own[one.label]) if one.label in shown else one
        for one in transcript.speakers
    )
    unused = [
        f"There is no speaker {label} in this recording; the name {name} was not used."
        for label, name in shown.items()
        if label not in own
    ]
    return replace(transcript, speakers=speakers, warnings=(*transcript.warnings, *unused))


def _pieces(segment: Segment, turns: Sequence[Turn]) -> list[Segment]:
    near = [t for t in turns if t.start < segment.end + _NEAREST_SECONDS and t.end > segment.start - _NEAREST_SECONDS]
    places = leading_places(segment)
    if not places:
        return [replace(segment, speaker=_speaker(segment.start, segment.end, near))]
    runs = _runs(segment.words, near)
    if len(runs) == 1:
        return [replace(segment, speaker=runs[0][0])]
    cuts = [0, *(places[first] for _, first, _ in runs[1:]), len(segment.text)]
    pieces: list[Segment] = []
    for index, (speaker, first, end) in enumerate(runs):
        words = segment.words[first:end]
        start = segment.start if index == 0 else words[0].start
        after = segment.end if index == len(runs) - 1 else max(words[-1].end, words[0].start)
        text = segment.text[cuts[index] : cuts[index + 1]]
        pieces.append(replace(segment, start=start, end=max(start, after), text=text, words=words, speaker=speaker))
    return pieces


def _runs(words: Sequence[Word], turns: Sequence[Turn]) -> list[tuple[str, int, int]]:
    """Speaker, first word and the word after the last of each run of words of one speaker."""
    labels = _filled([_speaker(word.start, word.end, turns, is_word=True) for word in words])
    runs = _grouped(labels)
    for (before, _, _), (_, first, end), (behind, _, _) in zip(runs, runs[1:], runs[2:], strict=False):
        if before == behind and words[end - 1].end - words[first].start < _SHORTEST_SECONDS:
            labels[first:end] = [before] * (end - first)
    return _grouped(labels)


def _grouped(labels: Sequence[str]) -> list[tuple[str, int, int]]:
    runs: list[tuple[str, int, int]] = []
    for label, members in groupby(range(len(labels)), key=labels.__getitem__):
        indices = list(members)
        runs.append((label, indices[0], indices[-1] + 1))
    return runs


def _filled(labels: list[str]) -> list[str]:
    """Words in no turn go with the word before them, the first ones with the word after."""
    known = next((label for label in labels if label), "")
    filled: list[str] = []
    for label in labels:
        known = label or known
        filled.append(known)
    return filled


def _speaker(start: float, end: float, turns: Sequence[Turn], *, is_word: bool = False) -> str:
    """Who speaks in a stretch: the one with most of it, others beside who have a good part, else the nearest."""
    seconds: dict[str, float] = defaultdict(float)
    for turn in turns:
        seconds[turn.speaker] += max(0.0, min(end, turn.end) - max(start, turn.start))
    most = max(seconds.values(), default=0.0)
    if most > 0:
        needed = (1 + _AT_ONCE_SHARE) * (end - start) - most if is_word else _ALSO_SHARE * sum(seconds.values())
        first = max(seconds, key=seconds.__getitem__)
        named = {first, *(label for label, spoken in seconds.items() if spoken >= needed)}
        return TOGETHER.join(sorted(named, key=lambda label: (len(label), label)))
    away = [(max(turn.start - end, start - turn.end), turn.speaker) for turn in turns]
    # Of two as near, the first to begin, whatever they are called.
    nearest, speaker = min(away, key=lambda one: one[0], default=(_NEAREST_SECONDS, ""))
    return speaker if nearest < _NEAREST_SECONDS else ""
