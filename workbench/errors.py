"""What can go wrong, as one tree.

Every error says in `message` what is wrong and in `hint` what to do; the doors add nothing of their own. `exit_code` is
the command line's, `http_status` the API's.

    WorkbenchError                    1   500
    ├── UsageError                    2   400   arguments that cannot be used
    │   └── UnknownName               2   404   no such engine, set, step, ruler or run
    ├── AudioError                    2   422   one recording cannot be used
    │   ├── AudioNotFound             2   404
    │   ├── AudioUnreadable           2   415   not audio, damaged, or no sound in it
    │   ├── AudioInvalid              2   422   decoded, but empty or not finite
    │   └── AudioTooLong              2   413
    ├── ManifestError                 2   422   a set, a manifest or hypotheses with faults, all listed
    ├── EngineError                   1   503   an engine failed while it worked
    │   ├── EngineUnavailable         2   503   it cannot run here, and why
    │   ├── ModelMissing              2   503   the weights are not on this disk
    │   └── ModelDiffers              2   503   the weights are not the ones they should be
    └── RunError                      2   409   a stored run that cannot be read or compared
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path


class WorkbenchError(Exception):
    """Something a person can be told in a sentence.

    Args:
        message: What is wrong, as a sentence.
        hint: What to do about it, as a sentence; empty where nothing can be done.
    """

    exit_code = 1
    http_status = 500

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def sentence(self) -> str:
        """Message and hint as one line."""
        return f"{self.message} {self.hint}".strip()

    @property
    def code(self) -> str:
        """The kind of error, for machines: `AudioUnreadable`."""
        return type(self).__name__


class UsageError(WorkbenchError, ValueError):
    exit_code = 2
    http_status = 400


class UnknownName(UsageError):
    """A name that is not among the known ones; the nearest one is suggested.

    Args:
        kind: What was asked for: "engine", "set", "step", "ruler".
        name: The name as given.
        known: The names that exist.
    """

    http_status = 404

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=1)
        suggestion = f"Did you mean {near[0]!r}? " if near else ""
        listed = f"Known: {', '.join(names)}." if names else "There is none yet."
        super().__init__(f"There is no {kind} named {name!r}.", hint=suggestion + listed)
        self.name = name


class AudioError(WorkbenchError):
    exit_code = 2
    http_status = 422


class AudioNotFound(AudioError, FileNotFoundError):
    http_status = 404

    def __init__(self, path: Path) -> None:
        super().__init__(f"There is no file {path.name}.", hint="Check the path.")


class AudioUnreadable(AudioError):
    """Not audio, damaged, or a video without sound.

    Args:
        name: The file as a person knows it.
        reason: Why it cannot be read, as a clause: "it is not audio".
        hint: What to do.
    """

    http_status = 415

    def __init__(self, name: str, reason: str, *, hint: str = "Convert it to wav, flac, mp3 or m4a.") -> None:
        super().__init__(f"{name} cannot be read: {reason}.", hint=hint)


class AudioInvalid(AudioError, ValueError):
    pass


class AudioTooLong(AudioError, ValueError):
    http_status = 413

    def __init__(self, name: str, *, seconds: float, limit: float) -> None:
        super().__init__(
            f"{name} lasts {seconds:.0f} s; {limit:.0f} s is the most that fits.",
            hint="Split the file, or raise the limit.",
        )


class ManifestError(WorkbenchError, ValueError):
    """Every fault of a set or manifest at once.

    Args:
        name: The file or folder as a person knows it.
        faults: One sentence each, with the line where there is one: "manifest.jsonl:3: no 'text'".
    """

    exit_code = 2
    http_status = 422
    shown = 20

    def __init__(self, name: str, faults: Sequence[str], *, hint: str = "Mend these lines and try again.") -> None:
        self.faults = tuple(faults)
        more = len(self.faults) - self.shown
        lines = "\n  ".join(self.faults[: self.shown])
        rest = f"\n  … and {more} more" if more > 0 else ""
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__(f"{name} has {count}:\n  {lines}{rest}\n", hint=hint)


class EngineError(WorkbenchError):
    http_status = 503


class EngineUnavailable(EngineError):
    exit_code = 2

    def __init__(self, engine: str, reason: str, *, hint: str) -> None:
        super().__init__(f"The engine {engine} cannot run here: {reason}.", hint=hint)


class ModelMissing(EngineError):
    exit_code = 2

    def __init__(self, engine: str, model: str, *, command: str) -> None:
        super().__init__(f"The model {model} of {engine} is not on this machine.", hint=f"Get it with: {command}")
        self.command = command


class ModelDiffers(EngineError):
    exit_code = 2

    def __init__(self, name: str, *, expected: str, found: str) -> None:
        super().__init__(
            f"{name} is not the file it should be (sha256 {found[:12]}…, expected {expected[:12]}…).",
            hint="Delete it and start again; if it comes back, reinstall the package it comes from.",
        )


class RunError(WorkbenchError):
    exit_code = 2
    http_status = 409
