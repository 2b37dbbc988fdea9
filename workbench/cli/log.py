"""What a server writes while it serves: its own sentences, and of everything else only where in the code it happened.

Messages of exceptions, warnings and libraries may quote a file's name, a label or what was said; a log is kept, copied
and sent to others. So of an error there are the types and the places, and of what a library writes only the place.
"""

from __future__ import annotations

import io
import logging
import sys
import threading
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from typing import TextIO

_OURS = "workbench.cli."
_SERVER = "uvicorn"


def places(error: BaseException) -> str:
    """An error and what caused it, as types and places in the code; none of its words."""
    told: list[str] = []
    one: BaseException | None = error
    while one is not None and len(told) < 10:
        lines = [
            f"  {frame.f_globals.get('__name__', '?')}:{line} in {frame.f_code.co_name}"
            for frame, line in traceback.walk_tb(one.__traceback__)
        ]
        told.append("\n".join([type(one).__name__, *lines]))
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return "\nafter ".join(told)


class PlacesOnly(logging.Formatter):
    """A log record without its words; of the server's own, whose words are fixed, with them."""

    def format(self, record: logging.LogRecord) -> str:
        words = f": {str(record.msg).strip()}" if record.name.startswith(_SERVER) else ""
        line = f"{record.levelname.lower()}: {record.name} at {record.module}:{record.lineno}{words}"
        error = record.exc_info[1] if record.exc_info else None
        return f"{line}\n{places(error)}" if error is not None else line


@contextmanager
def own_words_only() -> Generator[None]:
    """While it lasts, standard output and standard error show what the command line says, and places of the rest."""
    before, hook = (sys.stdout, sys.stderr), threading.excepthook
    root = logging.getLogger()
    handlers, handler = list(root.handlers), logging.StreamHandler(sys.stderr)
    handler.setFormatter(PlacesOnly())
    root.handlers = [handler]
    logging.captureWarnings(True)
    sys.stdout, sys.stderr = _OwnWords(sys.stdout, sys.stderr), _OwnWords(sys.stderr, sys.stderr)
    threading.excepthook = _tell_of_thread
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        threading.excepthook = hook
        logging.captureWarnings(False)
        root.handlers = handlers


def _tell_of_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None:
        logging.getLogger("threading").error("a thread ended", exc_info=ended.exc_value)


class _OwnWords(io.TextIOBase):
    """A stream that passes on what the command line writes; of others it tells each place once.

    Args:
        stream: Where the command line's own words go.
        log: Where the places go.
    """

    def __init__(self, stream: TextIO, log: TextIO) -> None:
        self._stream = stream
        self._log = log
        self._told: set[str] = set()

    def write(self, text: str, /) -> int:
        caller = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]  what `inspect` uses, without its cost
        module = str(caller.f_globals.get("__name__", "?"))
        if f"{module}.".startswith(_OURS):
            return self._stream.write(text)
        error = sys.exc_info()[1]
        place = places(error) if error is not None else f"{module}:{caller.f_lineno}"
        if place not in self._told:
            self._told.add(place)
            what = "error" if error is not None else "not shown: a library wrote at"
            self._log.write(f"{what}: {place}\n")
            self._log.flush()
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def writable(self) -> bool:
        return True

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  a text stream has one
        return self._stream.encoding
