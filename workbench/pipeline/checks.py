"""What in a stretch's text should be looked at, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from workbench.audio.segment import Span
from workbench.engines.base import Segment
from workbench.pipeline.coverage import Flag, FlagKind
from workbench.pipeline.missed import SPEECH_WITHOUT_TEXT_SECONDS, missed_speech
from workbench.pipeline.stretch import SLOWEST_UNITS_A_SECOND, Heard
from workbench.pipeline.units import spoken_units
from workbench.scoring.hallucination import find_loop, shortest_seconds

SHORTEST_FOR_TOO_LITTLE_SECONDS = 5.0
_FEWEST_UNITS = 3
_BESIDE_SECONDS = 0.5
LEAST_SPEECH_SHARE = 0.3
"""A phrase of thanks or farewell is believed where voice activity hears this share of its time."""

CREDITS = re.compile(
    "amara ?org|castingwords"
    "|字幕(?:由|志[愿願]者|[组組]|制作|製作|提供|校[对對])|中文字幕"
    "|(?:请|請)不吝(?:点赞|點贊|點讚)|明[镜鏡][与與][点點][点點][栏欄]目"
    "|[优優][优優]独播剧场|優優獨播劇場|yoyo television series exclusive"
    "|ming pao canada|ming pao toronto"
    "|(?:subtitles|captions|transcription|transcribed|translated) by"
)
"""Lines of credit that Whisper learned from subtitles and writes on silence and music. Nobody says them."""

FAREWELLS = re.compile(
    "(?:thank you|thanks)(?: so much| very much)?(?: for (?:watching|listening|viewing))?(?: (?:everyone|guys))?"
    "|(?:please )?(?:like and )?subscribe(?: to (?:my|our|the) channel)?|see you (?:in the )?next (?:time|video)"
    "|bye(?: bye)*|you"
    "|(?:谢谢|謝謝|感谢|感謝|多谢|多謝)(?:大家|各位|您|你)?(?:的)?(?:观看|觀看|收看|收听|收聽|收睇)?(?:再[见見])?"
    "|(?:我们|我們)?下(?:期|次|集)再[见見]|(?:请|請)?(?:订阅|訂閱)(?:我的)?(?:频道|頻道)"
)
"""What it writes there too, and what people also say: doubted only as all of a segment, where hardly anyone speaks."""


def check(heard: Heard, segments: Sequence[Segment], speech: Sequence[Span]) -> list[Flag]:
    """Places to check in one stretch, in no order.

    Args:
        heard: The stretch.
        segments: Its text, in times of the recording.
        speech: Where somebody speaks, in order, in times of the recording; also beyond the stretch.
    """
    inside = _between(speech, heard.start, heard.end)
    units = [spoken_units(segment.text) for segment in segments]
    flags: list[Flag] = []
    for missed in missed_speech(segments, Span(heard.start, heard.end), inside):
        if missed.seconds >= SPEECH_WITHOUT_TEXT_SECONDS:
            sentence = f"There is speech of {missed.seconds:.1f} s here, and no text."
            start, end = missed.spans[0].start, missed.spans[-1].end
            flags.append(Flag(start=start, end=end, kind="no_text", sentence=sentence))
    if heard.hypothesis.finish == "length":
        sentence = "The engine ran out of tokens: text may be missing here."
        flags.append(Flag(start=heard.start, end=heard.end, kind="cut_off", sentence=sentence))
    pace = list(_pace(heard, list(chain.from_iterable(units)), inside))
    flags += pace
    if not any(flag.kind == "too_long" for flag in pace):
        flags += _unsaid(segments, units, inside)
    flags += _loop(segments, units)
    flags += _phrases(segments, inside)
    return flags


def _pace(heard: Heard, units: Sequence[str], speech: Sequence[Span]) -> Iterator[Flag]:
    spoken = _seconds(speech)
    kind: FlagKind | None = None
    if units and shortest_seconds(units) > max(spoken, min(1.0, heard.end - heard.start)):
        kind, sentence = "too_long", _too_long(units, spoken)
    elif units and spoken >= SHORTEST_FOR_TOO_LITTLE_SECONDS and len(units) < SLOWEST_UNITS_A_SECOND * spoken:
        kind, sentence = "too_short", f"Only {len(units)} words or characters for {spoken:.1f} s of speech."
    else:
        return
    yield Flag(start=heard.start, end=heard.end, kind=kind, sentence=sentence)


def _unsaid(segments: Sequence[Segment], units: Sequence[Sequence[str]], speech: Sequence[Span]) -> Iterator[Flag]:
    """Segments that hold more than can be said in the speech there: what Whisper says again over music.

    A word or two are doubted only where there is no speech beside them either: times are rough. Of 190 segments of
    English and Mandarin none comes near: there is 1.7 times the speech that this takes, and more.
    """
    for segment, own in zip(segments, units, strict=True):
        spoken = _seconds(_between(speech, segment.start, segment.end))
        beside = _between(speech, segment.start - _BESIDE_SECONDS, segment.end + _BESIDE_SECONDS)
        if own and shortest_seconds(own) > spoken and (len(own) >= _FEWEST_UNITS or not beside):
            yield Flag(start=segment.start, end=segment.end, kind="too_long", sentence=_too_long(own, spoken))


def _too_long(units: Sequence[str], spoken: float) -> str:
    return f"{len(units)} words or characters in {spoken:.1f} s of speech: nobody is so fast."


def _loop(segments: Sequence[Segment], units: Sequence[Sequence[str]]) -> Iterator[Flag]:
    found = find_loop(list(chain.from_iterable(units)))
    if found is None:
        return
    inside: list[Segment] = []
    place = 0
    for segment, own in zip(segments, units, strict=True):
        if place < found.start + found.units and place + len(own) > found.start:
            inside.append(segment)
        place += len(own)
    said = " ".join(found.pattern) if found.pattern[0].isascii() else "".join(found.pattern)
    sentence = f"“{said}” is written {found.repeats} times in a row."
    yield Flag(start=inside[0].start, end=max(one.end for one in inside), kind="loop", sentence=sentence)


def _phrases(segments: Sequence[Segment], speech: Sequence[Span]) -> Iterator[Flag]:
    for segment in segments:
        text = " ".join(_words(segment.text))
        spoken = _seconds(_between(speech, segment.start, segment.end))
        quiet = spoken < LEAST_SPEECH_SHARE * (segment.end - segment.start)
        if CREDITS.search(text) or (quiet and FAREWELLS.fullmatch(text)):
            sentence = f"“{segment.text.strip()}” is what engines write where nobody speaks."
            yield Flag(start=segment.start, end=segment.end, kind="phrase", sentence=sentence)


def _words(text: str) -> list[str]:
    """Words; Han characters that follow each other as one."""
    words: list[str] = []
    for unit in spoken_units(text):
        if words and not words[-1][-1].isascii() and not unit[0].isascii():
            words[-1] += unit
        else:
            words.append(unit)
    return words


def _between(speech: Iterable[Span], start: float, end: float) -> list[Span]:
    inside = (Span(max(one.start, start), min(one.end, end)) for one in speech)
    return [one for one in inside if one.end > one.start]


def _seconds(spans: Iterable[Span]) -> float:
    return sum(span.duration for span in spans)
