"""Segments and their words as HTML: who says what when, and where to look. Behaviour is in workbench.js."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from workbench.engines.base import Segment, Word
from workbench.pipeline.confidence import UNSURE_BELOW
from workbench.pipeline.coverage import Flag
from workbench.pipeline.turns import Speaker, shown_name
from workbench.ui import format as written
from workbench.ui.labels import ENGLISH, Labels

_LEAST_OVERLAP_SECONDS = 0.05


def segments_view(
    segments: Sequence[Segment],
    *,
    player_id: str = "player",
    language: str | None = None,
    flags: Sequence[Flag] = (),
    speakers: Sequence[Speaker] = (),
    labels: Labels = ENGLISH,
) -> str:
    """The segments with their times. Each is a button that plays from there, and so is each word that has a time.

    What is heard is lit while playing.

    Args:
        segments: In order.
        player_id: The player that they are heard on.
        language: Code, for the right forms of Han characters.
        flags: Places to check; segments that they touch are marked.
        speakers: Names of those who speak, shown where somebody else begins.
        labels: Words.
    """
    rows: list[str] = []
    before = ""
    for segment in segments:
        name = shown_name(segment.speaker, speakers)
        rows.append(_row(segment, name if name != before else "", _flags_in(segment, flags), labels))
        before = name
    lang = f' lang="{escape(language)}"' if language else ""
    return f'<ol class="wb-segments" data-plays="{escape(player_id)}"{lang}>{"".join(rows)}</ol>' if rows else ""


def keys_view(*, player_id: str = "player", has_flags: bool = False, labels: Labels = ENGLISH) -> str:
    """A hint of the keys; the page obeys them for as long as it is shown."""
    keys = [(labels.key_space, labels.key_space_does), (labels.key_back, labels.key_back_does)]
    if has_flags:
        keys.append((labels.key_next, labels.key_next_does))
    told = "".join(f"<span><kbd>{escape(key)}</kbd> {escape(does)}</span>" for key, does in keys)
    return f'<p class="wb-keys" data-keys="{escape(player_id)}">{told}</p>'


def split_words(segment: Segment) -> Iterator[tuple[str, Word | None]]:
    """The segment's text in pieces, in order and without loss: words that have a time, and what stands between them.

    A word that is not found in the text, as after an edit, is left out.
    """
    text = segment.text.strip()
    place = 0
    for word in segment.words:
        at = text.find(word.text, place) if word.text else -1
        if at < 0:
            continue
        if at > place:
            yield text[place:at], None
        place = at + len(word.text)
        yield word.text, word
    if place < len(text):
        yield text[place:], None


def _row(segment: Segment, name: str, flags: Sequence[Flag], labels: Labels) -> str:
    who = f'<b class="wb-speaker" dir="auto">{escape(name)}</b>' if name else ""
    why = " ".join(labels.to_check.format(sentence=flag.sentence) for flag in flags)
    mark = f'<i class="wb-flag" role="img" title="{escape(why)}" aria-label="{escape(why)}"></i>' if flags else ""
    flagged = ' class="wb-flagged"' if flags else ""
    text = "".join(_piece(piece, word, labels) for piece, word in split_words(segment))
    return (
        f'<li{flagged}>{who}<button type="button" data-seek="{segment.start:.3f}" data-end="{segment.end:.3f}">'
        f'<time class="wb-num">{written.clock(segment.start, decimals=1)}{mark}</time>'
        f'<span dir="auto">{text}</span></button></li>'
    )


def _piece(text: str, word: Word | None, labels: Labels) -> str:
    if word is None:
        return escape(text)
    unsure = word.confidence is not None and word.confidence < UNSURE_BELOW
    note = f' class="wb-unsure" title="{escape(labels.unsure_word)}"' if unsure else ""
    return f'<span data-word data-seek="{word.start:.3f}" data-end="{word.end:.3f}"{note}>{escape(text)}</span>'


def _flags_in(segment: Segment, flags: Sequence[Flag]) -> list[Flag]:
    """Those that share some time with the segment; one that only borders on it does not."""
    return [
        flag for flag in flags if min(flag.end, segment.end) - max(flag.start, segment.start) > _LEAST_OVERLAP_SECONDS
    ]
