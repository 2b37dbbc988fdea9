"""The command line that does the same as a form."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from workbench.ui.labels import ENGLISH, Labels


def command_line(verb: str, arguments: Sequence[str] = (), /, **flags: Any) -> str:
    """A `workbench` command as it can be pasted into a POSIX shell.

    Args:
        verb: "transcribe", "bench", …
        arguments: What stands without a flag.
        **flags: `chunk_seconds=20` becomes `--chunk-seconds 20`; a list repeats its flag, a mapping becomes
            `KEY=VALUE`s; True is the flag alone; False, None, an empty text and an empty list are left out.
    """
    words = ["workbench", verb, *(_path_word(argument) for argument in arguments)]
    for name, value in flags.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            words.append(flag)
        for one in _values(value):
            words += [flag, one]
    return shlex.join(words)


def transcribe_command(
    file: str,
    *,
    engine: str,
    language: str | None = None,
    chain: str = "",
    context: str = "",
    options: Mapping[str, Any] | None = None,
    channel: str = "mix",
    speakers: int | str | None = None,
    word_times: bool = False,
    chunk_seconds: float | None = None,
) -> str:
    """`workbench transcribe` with the choices of the Transcribe tab."""
    return command_line(
        "transcribe",
        [file],
        engine=engine,
        language=None if language == "auto" else language,
        chain=chain.strip(),
        context=context.strip(),
        option=options or {},
        channel=None if channel == "mix" else channel,
        speakers=speakers,
        word_times=word_times,
        chunk_seconds=chunk_seconds,
    )


def command_view(command: str, *, element_id: str, labels: Labels = ENGLISH) -> str:
    """A command with a button that copies it; nothing for no command."""
    if not command:
        return ""
    return (
        f'<div class="wb-command"><span>{escape(labels.command)}</span><div><code id="{escape(element_id)}">'
        f"{escape(command)}</code>{copy_button(element_id, labels)}</div></div>"
    )


def copy_button(element_id: str, labels: Labels = ENGLISH) -> str:
    """A button that copies the text of the element with that id, or what is typed in the field inside it."""
    return (
        f'<button type="button" class="wb-copy" data-copy="{escape(element_id)}" '
        f'data-copied="{escape(labels.copied)}">{escape(labels.copy)}</button>'
    )


def _path_word(argument: str) -> str:
    """A file name that begins with a dash would be read as a flag."""
    return f"./{argument}" if argument.startswith("-") else argument


def _values(value: Any) -> list[str]:
    if value is None or value == "" or isinstance(value, bool):
        return []
    if isinstance(value, Mapping):
        return [f"{key}={_text(one)}" for key, one in value.items()]
    if isinstance(value, list | tuple):
        return [_text(one) for one in value]
    return [_text(value)]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
