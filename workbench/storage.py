"""Files that are written whole or not at all, and what a disk refuses told as an error for people."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from workbench.errors import DiskError, UsageError, WorkbenchError

_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG)
"""What is no fault of the place that somebody named."""

_IN_WORDS = re.compile(r"\(os error (\d+)\)")
"""How libraries in Rust end what they say of an error of the system."""

_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE, of <linux/fcntl.h> and <linux/fs.h>


@contextmanager
def told(name: str) -> Generator[None]:
    """Say what the system refuses within a `with` block as a `DiskError` of what was to be written.

    Args:
        name: What it is, as a person knows it.

    Raises:
        DiskError: In place of an OSError; errors that are told already go on as they are.
    """
    try:
        yield
    except WorkbenchError:
        raise
    except OSError as error:
        raise DiskError(name, error) from error


def fault_of_the_disk(error: BaseException | None) -> OSError | None:
    """The full or faulty disk that an error of another library comes from; None where it comes from something else.

    Its causes are looked through, and its words where the library is written in Rust.
    """
    while error is not None:
        found = _IN_WORDS.search(str(error))
        code = error.errno if isinstance(error, OSError) else int(found[1]) if found else None
        if code in (*_OF_THE_DISK, errno.EROFS):
            return OSError(code, os.strerror(code))
        error = error.__cause__ or error.__context__
    return None


def replace_file(path: Path, content: bytes, *, name: str = "") -> None:
    """Put a file in place of another in one step: a reader sees the old one or the new one, whatever happens meanwhile.

    Only its owner may read it. The content is on disk before the name points to it, and the name is when this returns.

    Args:
        path: The file.
        content: All of it.
        name: What it is, as a person knows it; empty for the file's own name.

    Raises:
        DiskError: It cannot be written; the old file is as it was. Also where only the last step failed, that the name
            lasts when the power goes: then the new one is there.
    """
    with told(name or path.name):
        _replace(path, content)


@contextmanager
def told_place(place: Path) -> Generator[None]:
    """As `told`, for a place that somebody named.

    Raises:
        DiskError: The disk is full or faulty.
        UsageError: There is nothing to be written at this place.
    """
    try:
        with told(str(place)):
            yield
    except DiskError as error:
        if error.errno in _OF_THE_DISK:
            raise
        raise UsageError(f"{place} cannot be written: {error.strerror}.", hint="Choose another place.") from error


def write_output(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a file at a place that somebody named, whole or not at all.

    A link leads to the file that is replaced, and keeps leading to it. A pipe or a device is written to as it is.

    Args:
        path: The place; its folder is there.
        content: Of the file.
        private: Only its owner may read it; else it has the rights of the file that was there, or of new ones here.

    Raises:
        DiskError: The disk is full or faulty; a file that was there is as it was.
        UsageError: Nothing can be written there.
    """
    with told_place(path):
        target = path.resolve()
        if target.exists() and not target.is_file():
            path.write_bytes(content)
            return
        if target.exists():
            target.open("r+b").close()  # one that is not to be written is not replaced either
        _replace(target, content, mode=None if private else _mode_of(target))


def write_new(path: Path, content: bytes) -> None:
    """Write a file in a folder that gets its name only when it is complete, and have it on disk.

    Raises:
        OSError: It cannot be written.
    """
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on disk.

    Raises:
        OSError: The disk does not say that it has them.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def exchange(one: Path, other: Path) -> bool:
    """Let two names change places in one step, which nothing can come between: Linux's renameat2 (RENAME_EXCHANGE).

    Returns:
        Whether they did; False where neither system nor file system has such a step.

    Raises:
        OSError: The disk refused it; both are as they were.
    """
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if sys.platform == "linux" else None
    if rename is None:
        return False
    if rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.EPERM):
        return False
    raise OSError(code, os.strerror(code))


def _replace(path: Path, content: bytes, *, mode: int | None = None) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name[:60]}-", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(content)
            file.flush()
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
    sync_folder(path.parent)


def _mode_of(path: Path) -> int:
    """The rights of the file that is there, else those of a new one."""
    if path.is_file():
        return path.stat().st_mode & 0o777
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask
