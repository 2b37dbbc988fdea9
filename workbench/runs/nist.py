"""NIST's formats for texts: sclite's `trn` and `ctm`, read and written.

Shapes after the file formats page of NIST's scoring toolkit (sctk). What a word may hold was tried out with sclite
2.4.10: a backslash escapes and vanishes, `;` cuts a word, `*` goes, `{` opens alternatives (and, escaped or inside a
word, ends sclite with a segmentation fault), `@` alone is a word for nothing even if escaped. Such a character is
therefore written as a backslash and its full-width form: sclite counts it as the one character it is, and it is read
back as it was.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

from workbench.engines.base import Segment
from workbench.evalsets.manifest import Fault, RowFault
from workbench.pipeline.transcript import join_texts
from workbench.runs.given import GivenText

COMMENT = ";;"
_NOTHING = "@"
_SPECIAL = re.compile(r"[\\;*{}]|^@$")
_ESCAPED = re.compile(r"\\(\S)")
_ALTERNATIVES = re.compile(r"(?<!\\)\{")
_FULL_WIDTH = 0xFEE0  # from ! … ~ to ！ … ～
_WIDE = {chr(ord(character) + _FULL_WIDTH): character for character in r"\;*{}@"}
_TRN = re.compile(r"(?P<text>.*?)\((?P<id>[^()]*)\)\s*", re.DOTALL)
_ALTERNATIVES_REFUSED = "alternatives in braces; write the words that are meant"


def escape(word: str) -> str:
    """A word, without white space, so that sclite reads it as it is."""
    return _SPECIAL.sub(lambda match: "\\" + chr(ord(match[0]) + _FULL_WIDTH), word)


def unescape(word: str) -> str:
    """The word as it was; what others escaped with a backslash is itself."""
    return _ESCAPED.sub(lambda match: _WIDE.get(match[1], match[1]), word)


def read_trn(lines: Iterable[tuple[int, str]]) -> tuple[list[GivenText], list[Fault]]:
    """Texts of lines `text (id)`; lines that begin with ;; are comments.

    White space between words is one space. `@`, sclite's word for nothing, is nothing. Fragments (`wo-`), fillers
    (`%uh`) and words in parentheses are words: a ruler decides about them.
    """
    texts: list[GivenText] = []
    faults: list[Fault] = []
    for number, line in lines:
        if not line.strip() or line.startswith(COMMENT):
            continue
        try:
            texts.append(_trn_line(number, line))
        except RowFault as fault:
            faults.append((number, str(fault)))
    return texts, faults


def _trn_line(number: int, line: str) -> GivenText:
    match = _TRN.fullmatch(line)
    if match is None or not match["id"].strip():
        raise RowFault("no (id) at its end")
    if _ALTERNATIVES.search(match["text"]):
        raise RowFault(_ALTERNATIVES_REFUSED)
    words = [unescape(word) for word in match["text"].split() if word != _NOTHING]
    return GivenText(id=match["id"].strip(), text=" ".join(words), line=number)


def trn_line(name: str, text: str) -> str:
    """A text as sclite reads it; white space becomes one space.

    Raises:
        ValueError: The id cannot stand in parentheses on one line; as a clause.
    """
    if not name or name != " ".join(name.split()) or {"(", ")"} & set(name):
        raise ValueError(f"the id {name!r} has parentheses or white space that trn cannot hold")
    return " ".join([*map(escape, text.split()), f"({name})"]) + "\n"


def read_ctm(lines: Iterable[tuple[int, str]]) -> tuple[list[GivenText], list[Fault]]:
    """Texts of lines `file channel start duration word [confidence]`, one a file; every word is a segment.

    Words are joined in the order of their times, with spaces between words of alphabets and none beside Chinese.
    """
    words: dict[str, list[tuple[int, str, Segment]]] = {}
    faults: list[Fault] = []
    for number, line in lines:
        if not line.strip() or line.startswith(COMMENT):
            continue
        try:
            name, channel, segment = _ctm_word(line)
            known = words.setdefault(name, [])
            if known and known[0][1] != channel:
                raise RowFault(f"channel {channel!r}, where line {known[0][0]} has {known[0][1]!r}; write one of them")
            known.append((number, channel, segment))
        except RowFault as fault:
            faults.append((number, str(fault)))
    return [_ctm_text(name, found) for name, found in words.items()], faults


def _ctm_text(name: str, found: Sequence[tuple[int, str, Segment]]) -> GivenText:
    segments = sorted((segment for _, _, segment in found), key=lambda one: one.start)
    heard = tuple(segment for segment in segments if segment.text)
    text = join_texts(segment.text for segment in heard)
    return GivenText(id=unescape(name), text=text, line=found[0][0], segments=heard, by_recording=True)


def _ctm_word(line: str) -> tuple[str, str, Segment]:
    cells = line.split()
    if len(cells) not in (5, 6):
        raise RowFault(f"{len(cells)} fields where CTM has 5, or 6 with a confidence")
    name, channel, start, duration, word = cells[:5]
    if word.startswith(("<ALT", "{")):
        raise RowFault(_ALTERNATIVES_REFUSED)
    begin, length = _seconds(start, "start"), _seconds(duration, "duration")
    text = "" if word == _NOTHING else unescape(word)
    return name, channel, Segment(start=begin, end=begin + length, text=text)


def _seconds(cell: str, name: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        raise RowFault(f"the {name} {cell!r:.40} is no number of seconds") from None
    if value < 0 or not math.isfinite(value):
        raise RowFault(f"the {name} is {cell} s")
    return value


def ctm_lines(name: str, segments: Iterable[Segment]) -> list[str]:
    """Words with times. The words of a segment share its time by their length, since CTM knows no longer stretch.

    Raises:
        ValueError: The id has white space; as a clause.
    """
    if not name or len(name.split()) != 1 or name != name.strip():
        raise ValueError(f"the id {name!r} has white space that CTM cannot hold")
    return [line for segment in segments for line in _words_with_times(escape(name), segment)]


def _words_with_times(name: str, segment: Segment) -> list[str]:
    words = segment.text.split()
    total = sum(map(len, words))
    share = (segment.end - segment.start) / total if total else 0.0
    times = [segment.start + share * letters for letters in accumulate(map(len, words), initial=0)]
    return [
        f"{name} 1 {start:.3f} {max(end - start, 0.0):.3f} {escape(word)}\n"
        for (start, end), word in zip(pairwise(times), words, strict=True)
    ]
