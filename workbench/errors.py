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
    ├── DecoderUnavailable            1   503   the process that decodes did not start
    ├── ManifestError                 2   422   a set, a manifest or hypotheses with faults, all listed
    ├── EngineError                   1   503   an engine failed while it worked
    │   ├── EngineUnavailable         2   503   it cannot run here, and why
    │   ├── ModelMissing              2   503   the weights are not on this disk
    │   ├── ModelDiffers              2   503   the weights are not the ones they should be
    │   └── EngineDied                1   503   its process ended; it is loaded again at the next call
    │       ├── EngineStuck           1   503   it gave no answer in time, so its process was ended
    │       └── EngineStopped         1   503   somebody stopped it
    ├── TooManyHeld                   1   503   as many recordings are held as this process can hold
    ├── RunError                      2   409   a stored run that cannot be read or compared
    └── DiskError                     1   507   a disk that is full or faulty, or a place that cannot be written
"""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, Self


class WorkbenchError(Exception):
    """Something a person can be told in a sentence.

    Args:
        message: What is wrong, as a sentence.
        hint: What to do about it, as a sentence; empty where nothing can be done.
    """

    exit_code = 1
    http_status = 500
    kind: str | None = None
    """What is wrong, more exactly than the class says, for machines; only errors of recordings have one."""

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
        """The class of error, for machines: `AudioUnreadable`."""
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


AudioKind = Literal[
    "missing",
    "folder",
    "not_a_file",
    "bad_path",
    "forbidden",
    "empty_file",
    "not_audio",
    "playlist",
    "no_sound_track",
    "unknown_codec",
    "odd_format",
    "damaged",
    "no_sound",
    "not_numbers",
    "no_such_channel",
    "changed",
    "too_long",
    "too_large",
    "timeout",
    "crashed",
    "invalid",
]
"""What is wrong with a recording, for machines; the table in docs/reliability.md says what each means."""


class AudioError(WorkbenchError):
    """One recording cannot be used.

    Args:
        message, hint: As for every error.
        kind: What is wrong with it, for machines.
    """

    exit_code = 2
    http_status = 422

    def __init__(self, message: str, *, hint: str = "", kind: AudioKind = "invalid") -> None:
        super().__init__(message, hint=hint)
        self.kind = kind

    @classmethod
    def restored(cls, message: str, *, hint: str, kind: AudioKind) -> Self:
        """The error of this class that another process raised with these words."""
        error = cls.__new__(cls)
        AudioError.__init__(error, message, hint=hint, kind=kind)
        return error


class AudioNotFound(AudioError, FileNotFoundError):
    http_status = 404

    def __init__(self, path: Path) -> None:
        super().__init__(f"There is no file {path.name}.", hint="Check the path.", kind="missing")


class AudioUnreadable(AudioError):
    """Not audio, damaged, or a video without sound.

    Args:
        name: The file as a person knows it.
        reason: Why it cannot be read, as a clause: "it is not audio".
        hint: What to do.
        kind: The same for machines.
    """

    http_status = 415

    def __init__(
        self,
        name: str,
        reason: str,
        *,
        hint: str = "Convert it to wav, flac, mp3 or m4a.",
        kind: AudioKind = "damaged",
    ) -> None:
        super().__init__(f"{name} cannot be read: {reason}.", hint=hint, kind=kind)


class AudioInvalid(AudioError, ValueError):
    pass


class AudioTooLong(AudioError, ValueError):
    http_status = 413

    def __init__(
        self, name: str, *, seconds: float, limit: float, hint: str = "Split the file, or raise the limit."
    ) -> None:
        super().__init__(
            f"{name} lasts {seconds:.0f} s; {limit:.0f} s is the most that fits.", hint=hint, kind="too_long"
        )


class DecoderUnavailable(WorkbenchError):
    """The process that decodes recordings did not start; no recording is to blame."""

    http_status = 503

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The process that decodes recordings did not start ({reason}).",
            hint="Free some memory, or end other programs, and try again.",
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


class EngineDied(EngineError):
    """The process of an engine ended, or was ended because it hung; the engine is loaded again at the next call."""


class EngineStuck(EngineDied):
    """An engine gave no answer in time and was ended; it is loaded again at the next call."""


class EngineStopped(EngineDied):
    """An engine was stopped in the middle of its work because somebody asked for it: not to be tried again."""


class TooManyHeld(WorkbenchError):
    """One recording more than this process can hold at once."""

    http_status = 503

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} cannot be kept: too many recordings are here.", hint="Try again when some are gone.")


class RunError(WorkbenchError):
    exit_code = 2
    http_status = 409


_FULL = (errno.ENOSPC, errno.EDQUOT)


class DiskError(WorkbenchError, OSError):
    """Something could not be written. What was there before is as it was, and nothing half-written has its name.

    Args:
        name: What was to be written, as a person knows it.
        cause: What the system said; `errno` and `strerror` are its.
    """

    http_status = 507

    def __init__(self, name: str, cause: OSError) -> None:
        reason = cause.strerror or str(cause)
        super().__init__(
            f"{name} cannot be written: {reason}.",
            hint="Make room on the disk, then try again."
            if cause.errno in _FULL
            else "The disk reports a fault: keep what you need elsewhere, then try again."
            if cause.errno == errno.EIO
            else "Choose another place.",
        )
        self.errno, self.strerror = cause.errno, reason

    def __str__(self) -> str:
        return self.message
