"""Why a recording is refused, as it crosses from the process that decodes to the one that asked."""

from __future__ import annotations

from typing import Any, cast, get_args

from workbench.errors import (
    AudioError,
    AudioInvalid,
    AudioKind,
    AudioNotFound,
    AudioTooLong,
    AudioUnreadable,
)

_CLASSES: dict[str, type[AudioError]] = {
    one.__name__: one for one in (AudioNotFound, AudioUnreadable, AudioInvalid, AudioTooLong)
}
_HINT = "Convert it to wav or flac with another program."


def worded(error: AudioError) -> dict[str, Any]:
    """An error as JSON."""
    return {"code": error.code, "kind": error.kind, "message": error.message, "hint": error.hint}


def restored(document: dict[str, Any]) -> AudioError:
    """The error that `worded` wrote.

    Raises:
        KeyError, TypeError, ValueError: It wrote no such thing.
    """
    kind = document["kind"]
    if kind not in get_args(AudioKind):
        raise ValueError(f"no kind of error is called {kind!r}")
    message, hint = str(document["message"]), str(document["hint"])
    return _CLASSES[document["code"]].restored(message, hint=hint, kind=cast("AudioKind", kind))


def crashed(name: str, how: str) -> AudioUnreadable:
    """What is said of a file that ended the decoder.

    Args:
        name: The file, for people.
        how: "SIGSEGV", or the name of an exception.
    """
    reason = f"the decoder crashed on it ({how}); nothing else was affected"
    return AudioUnreadable(name, reason, hint=_HINT, kind="crashed")


def too_slow(name: str) -> AudioUnreadable:
    """What is said of a file that keeps the decoder busy without any sound coming out."""
    return AudioUnreadable(name, "it takes too long to decode", hint=_HINT, kind="timeout")


def too_large(name: str, memory_bytes: int) -> AudioUnreadable:
    """What is said of a file for which the decoder's memory is too small."""
    reason = f"decoding it takes more than {memory_bytes >> 20} MB of memory"
    return AudioUnreadable(name, reason, hint=_HINT, kind="too_large")
