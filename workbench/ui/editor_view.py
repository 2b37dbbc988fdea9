"""The transcript to be edited, as HTML: the card with its tools, the speakers, and every part beside it.

Pure: an answer in, HTML out. What is data is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from zlib import crc32

from workbench.pipeline.edited import EditedTranscript
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.turns import TOGETHER, Speaker
from workbench.ui import format as written
from workbench.ui.answers import Answer
from workbench.ui.commands import command_view
from workbench.ui.corrections import changes_view, corrected_command, grouped, rules_view
from workbench.ui.editor_words import edit_words
from workbench.ui.labels import ENGLISH, Labels
from workbench.ui.notices import warning_list
from workbench.ui.result import facts_view
from workbench.ui.review import coverage_view, other_warnings, review_view
from workbench.ui.rows import rows_of
from workbench.ui.segments import keys_view, list_view, row_view

_ICONS = {
    "edit": "M4 16l1-4 8.2-8.2a1.4 1.4 0 0 1 2 0l1 1a1.4 1.4 0 0 1 0 2L8 15z",
    "loop": "M5 9.5A4.5 4.5 0 0 1 9.5 5H14l-2-2M15 10.5A4.5 4.5 0 0 1 10.5 15H6l2 2",
    "again": "M15.5 7.5A6 6 0 1 0 16 11M16 4v4h-4",
    "merge": "M5 4v4.5h10V4M10 8.5V16m-3-3 3 3 3-3",
    "undo": "M7 5 3.5 8.5 7 12M4 8.5h8a4 4 0 0 1 0 8H9",
    "redo": "M13 5l3.5 3.5L13 12M16 8.5H8a4 4 0 0 0 0 8h3",
}


def row_views(answer: Answer, view: Transcript, labels: Labels = ENGLISH) -> dict[int, str]:
    """HTML of every segment, by its number, in order. Rows that are as they were are not written anew."""
    before, answer.values = answer.values, {row.number: row for row in rows_of(answer.edited, view)}
    return {
        number: answer.rows[number] if before.get(number) == row else row_view(row, labels)
        for number, row in answer.values.items()
    }


def part_views(answer: Answer, view: Transcript, labels: Labels = ENGLISH) -> dict[str, str]:
    """HTML of everything but the segments, by the name of its place on the page."""
    edited = answer.edited
    return {
        "coverage": coverage_view(view, labels=labels),
        "facts": facts_view(view, device=answer.device, labels=labels),
        "review": review_view(view, flags=edited.flags, labels=labels),
        "warnings": warning_list(other_warnings(view)),
        "history": history_view(edited, labels),
        "speakers": speakers_view(view, labels),
        "keys": keys_view(has_flags=bool(view.flags), labels=labels),
        "tools": tools_view(view, labels, can_hear=bool(answer.recording)),
        "rules": rules_view(edited, labels),
        "changes": changes_view(grouped(edited), labels=labels) if edited.rules or edited.replacements else "",
        "command": command_view(
            corrected_command(answer.command, edited.rules), element_id="transcribe-command", labels=labels
        ),
    }


def part(name: str, content: str = "") -> str:
    """A place on the page whose content the script replaces when it changes."""
    return f'<div data-part="{name}" class="wb-part-{name}">{content}</div>'


def card_view(answer: Answer, labels: Labels = ENGLISH) -> str:
    """The transcript with all its tools, as `answer.rows` and `answer.parts` have it."""
    rows = list_view(list(answer.rows.values()), language=answer.transcript.language, key=answer.key)
    parts = answer.parts
    tools = crc32(parts["tools"].encode())  # by which the script sees that those in a row are of an earlier answer
    return (
        f'<section class="wb-editor" data-editor="{escape(answer.key)}" data-revision="{answer.revision}"'
        f' aria-label="{escape(labels.text)}">'
        f'<div class="wb-editor-bar">{part("history", parts["history"])}{_views(labels)}</div>'
        f"{part('speakers', parts['speakers'])}"
        f'<div class="wb-said" data-said role="status" data-failed="{escape(labels.saving_failed)}"></div>{rows}'
        f"{part('keys', parts['keys'])}"
        f'<div hidden data-tools="{tools}">{part("tools", parts["tools"])}</div></section>'
    )


def history_view(edited: EditedTranscript, labels: Labels = ENGLISH) -> str:
    """Undo and redo, and what they are about."""
    starts = {segment: one.start for segment, one in enumerate(edited.raw.segments)}
    starts |= {one.id: one.start for one in edited.passages}
    buttons = ""
    for act, label, edit in (("undo", labels.undo, edited.last_done), ("redo", labels.redo, edited.last_undone)):
        about = f"<small>{escape(edit_words(edit, starts, labels))}</small>" if edit else ""
        off = "" if edit else " disabled"
        buttons += (
            f'<button type="button" class="wb-tool" data-act="{act}"{off}>{_icon(act)}{escape(label)}{about}</button>'
        )
    return buttons


def speakers_view(view: Transcript, labels: Labels = ENGLISH) -> str:
    """A field for the name of each voice; nothing where voices are not known."""
    if not view.speakers:
        return ""
    fields = "".join(
        f'<label><span>{escape(one.label)}</span><input type="text" data-name="{escape(one.label)}"'
        f' data-keep="name-{escape(one.label)}" value="{escape(_own_name(one.label, one.name))}"'
        f' placeholder="{escape(f"Speaker {one.label}")}" maxlength="60" autocomplete="off" dir="auto">'
        f'<small class="wb-num">{written.clock(one.seconds)}</small></label>'
        for one in view.speakers
    )
    return (
        f'<div class="wb-voices" role="group" aria-label="{escape(labels.speakers)}"><b>{escape(labels.speakers)}</b>'
        f"{fields}<small>{escape(labels.speakers_info)}</small></div>"
    )


def tools_view(view: Transcript, labels: Labels = ENGLISH, *, can_hear: bool = True) -> str:
    """What can be done with one segment; stands in the row that is looked at."""
    buttons = _tool("edit", labels.edit, "e") + _tool("loop", labels.loop, "l")
    if can_hear:
        buttons += _tool("again", labels.run_again, "")
    buttons += _tool("merge", labels.join_next, "")
    options = "".join(f'<option value="{escape(one.label)}">{escape(one.name)}</option>' for one in _choosable(view))
    return (
        f'<span class="wb-row-tools" data-edit-keys="{escape(labels.edit_keys)}">{buttons}'
        f'<select data-assign aria-label="{escape(labels.speaker_of_segment)}" '
        f'title="{escape(labels.speaker_of_segment)}"><option value="">{escape(labels.speaker_nobody)}</option>'
        f'{options}<option value="{_new_label(view)}">{escape(labels.speaker_new)}</option></select></span>'
    )


def _views(labels: Labels) -> str:
    """How the transcript is laid out, and the button that copies it."""
    return (
        f'<div class="wb-views" role="group" aria-label="{escape(labels.transcript_views)}">'
        f'<button type="button" data-view="rows" aria-pressed="true">{escape(labels.view_segments)}</button>'
        f'<button type="button" data-view="reading" aria-pressed="false">{escape(labels.view_reading)}</button>'
        f'</div><label class="wb-times"><input type="checkbox" data-times checked>{escape(labels.show_times)}</label>'
        f'<button type="button" class="wb-copy" data-act="copy" data-copied="{escape(labels.copied)}">'
        f"{escape(labels.copy)}</button>"
    )


def _tool(act: str, label: str, key: str) -> str:
    title = f"{label} ({key})" if key else label
    keys = f' aria-keyshortcuts="{key}"' if key else ""
    return (
        f'<button type="button" data-act="{act}" title="{escape(title)}" aria-label="{escape(label)}"{keys}>'
        f"{_icon(act)}</button>"
    )


def _icon(name: str) -> str:
    return f'<svg viewBox="0 0 20 20" aria-hidden="true"><path d="{_ICONS[name]}"/></svg>'


def _own_name(label: str, name: str) -> str:
    """What a person called the voice; empty where it has no name but the one by its number."""
    return "" if name == f"Speaker {label}" else name


def _choosable(view: Transcript) -> Sequence[Speaker]:
    return [one for one in view.speakers if TOGETHER not in one.label]


def _new_label(view: Transcript) -> str:
    """The first number that is nobody's."""
    taken = {one.label for one in view.speakers}
    return next(str(number) for number in range(1, len(taken) + 2) if str(number) not in taken)
