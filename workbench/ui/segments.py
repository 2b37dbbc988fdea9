"""Segments and their words as HTML: who says what when, where to look, what was edited. Behaviour is in the scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from workbench.engines.base import Segment, Word
from workbench.pipeline.confidence import UNSURE_BELOW
from workbench.pipeline.coverage import Flag
from workbench.pipeline.turns import Speaker
from workbench.ui import format as written
from workbench.ui.labels import ENGLISH, Labels
from workbench.ui.language import tell
from workbench.ui.rows import Row, plain_rows


def segments_view(
    segments: Sequence[Segment],
    *,
    player_id: str = "player",
    language: str | None = None,
    flags: Sequence[Flag] = (),
    speakers: Sequence[Speaker] = (),
    labels: Labels = ENGLISH,
) -> str:
    """Segments that cannot be edited, with their times. Each plays from there, and so does each word that has a time.

    What is heard is lit while playing.

    Args:
        segments: In order.
        player_id: The player that they are heard on.
        language: Code, for the right forms of Han characters.
        flags: Places to check; segments that they touch are marked.
        speakers: Names of those who speak, shown where somebody else begins.
        labels: Words.
    """
    rows = [row_view(row, labels) for row in plain_rows(segments, flags=flags, speakers=speakers)]
    return list_view(rows, player_id=player_id, language=language)


def list_view(rows: Sequence[str], *, player_id: str = "player", language: str | None = None, key: str = "") -> str:
    """Rows as a list; nothing for none.

    Args:
        rows: As `row_view` writes them.
        player_id: The player that they are heard on.
        language: Code, for the right forms of Han characters.
        key: Of the answer that they can be edited in; empty where they cannot.
    """
    lang = f' lang="{escape(language)}"' if language else ""
    answer = f' data-answer="{escape(key)}"' if key else ""
    return (
        f'<ol class="wb-segments" data-plays="{escape(player_id)}"{answer}{lang}>{"".join(rows)}</ol>' if rows else ""
    )


def keys_view(
    *, player_id: str = "player", has_flags: bool = False, is_editable: bool = True, labels: Labels = ENGLISH
) -> str:
    """A hint of the keys; the page obeys them for as long as it is shown."""
    keys = [(labels.key_space, labels.key_space_does), (labels.key_back, labels.key_back_does)]
    if has_flags:
        keys.append((labels.key_next, labels.key_next_does))
    keys.append((labels.key_loop, labels.key_loop_does))
    if is_editable:
        keys.append((labels.key_edit, labels.key_edit_does))
        keys.append((labels.key_rows, labels.key_rows_does))
        keys.append((labels.key_undo, labels.key_undo_does))
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


def row_view(row: Row, labels: Labels = ENGLISH) -> str:
    """One segment. Its tools are put in by the script where it is looked at: two thousand rows stay light."""
    segment, text = row.segment, row.segment.text.strip()
    who = f'<b class="wb-speaker" dir="auto">{escape(row.name)}</b>' if row.name else ""
    why = " ".join(labels.to_check.format(sentence=tell(flag.sentence)) for flag in row.flags)
    flag = f'<i class="wb-flag" role="img" title="{escape(why)}" aria-label="{escape(why)}"></i>' if row.flags else ""
    pieces = "".join(_piece(piece, word, labels) for piece, word in split_words(segment))
    line = pieces or f'<i class="wb-left-out">{escape(labels.left_out)}</i>'
    time = written.clock(segment.start, decimals=1)
    play = escape(labels.play_from.format(time=time))
    return (
        f'<li{_classes(row)} data-row="{row.number}" data-seek="{segment.start:.3f}" data-end="{segment.end:.3f}"'
        f'{_facts(row, text)} tabindex="-1">{who}'
        f'<button type="button" class="wb-from" tabindex="-1" aria-label="{play}">'
        f'<time class="wb-num">{time}</time>{flag}</button>'
        f'<span class="wb-line" dir="auto">{line}</span>{_mark(row, labels)}</li>'
    )


def _classes(row: Row) -> str:
    names = [
        name
        for name, holds in (
            ("wb-flagged", bool(row.flags)),
            ("wb-spaced", row.is_spaced),
            ("wb-begins", bool(row.stamp)),
        )
        if holds
    ]
    return f' class="{" ".join(names)}"' if names else ""


def _facts(row: Row, text: str) -> str:
    stamp = f' data-stamp="{row.stamp}"' if row.stamp else ""
    label = f' data-speaker="{escape(row.label)}"' if row.label else ""
    own = f' data-text="{escape(row.text)}"' if row.text != text else ""
    return stamp + label + own


def _mark(row: Row, labels: Labels) -> str:
    """That somebody changed it; a press shows what the engine had written."""
    if row.heard is None and not row.is_again:
        return ""
    mark = labels.again_mark if row.is_again else labels.edited_mark
    if row.heard:
        heard = f"{escape(labels.engine_wrote)} <q>{escape(row.heard)}</q>"
    else:
        heard = escape(labels.engine_wrote_nothing)
    return (
        f'<button type="button" class="wb-edited" data-heard aria-expanded="false" tabindex="-1" '
        f'title="{escape(labels.show_engine_text)}">{escape(mark)}</button>'
        f'<small class="wb-heard" dir="auto">{heard}</small>'
    )


def _piece(text: str, word: Word | None, labels: Labels) -> str:
    if word is None:
        return escape(text)
    unsure = word.confidence is not None and word.confidence < UNSURE_BELOW
    note = f' class="wb-unsure" title="{escape(labels.unsure_word)}"' if unsure else ""
    return f'<span data-word data-seek="{word.start:.3f}" data-end="{word.end:.3f}"{note}>{escape(text)}</span>'
