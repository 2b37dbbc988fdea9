"""Finished sets put in their place: in one step, or where a disk has no such step, so that a kill undoes nothing."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from workbench.errors import DiskError, UsageError
from workbench.storage import exchange, told

_THERE = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)
_REPLACED = ".replaced"


def put_in_place(made: Path, folder: Path) -> None:
    """Give a finished set its name, in one step.

    Raises:
        UsageError: There is a set of that name by now.
        DiskError: The disk refused it.
    """
    try:
        os.rename(made, folder)  # noqa: PTH104  Path.rename would replace an empty folder
    except OSError as error:
        if error.errno not in _THERE:
            raise DiskError(f"The set {folder.name}", error) from error
        raise UsageError(f"There is already a set named {folder.name}.", hint="Choose another name.") from error


def put_in_the_place_of(made: Path, folder: Path) -> None:
    """Give a finished set the name of one that is there, which is deleted; where that fails, the old one is there.

    Where two names cannot change places in one step, the old one is called `.NAME.replaced` meanwhile; after a kill
    between the two steps, `put_back` finds it.

    Raises:
        DiskError: The disk refused it.
    """
    old = folder.with_name(f".{folder.name}{_REPLACED}")
    with told(f"The set {folder.name}"):
        if exchange(made, folder):
            shutil.rmtree(made, ignore_errors=True)
            return
        shutil.rmtree(old, ignore_errors=True)  # of an earlier one, whose successor is there
        with _at_work(folder):
            folder.rename(old)
            try:
                put_in_place(made, folder)
            except BaseException:
                old.rename(folder)
                raise
            shutil.rmtree(old, ignore_errors=True)


def put_back(sets: Path) -> None:
    """Give sets their names back that a process was to replace when it was killed; delete those that it had replaced.

    Args:
        sets: The folder of all sets.
    """
    for old in sets.glob(f".*{_REPLACED}"):
        folder = old.with_name(old.name[1 : -len(_REPLACED)])
        with suppress(OSError), _at_work(old):  # OSError: somebody is at it, or was faster
            if folder.exists():
                shutil.rmtree(old)
            else:
                os.rename(old, folder)  # noqa: PTH104  Path.rename would replace an empty folder


@contextmanager
def _at_work(folder: Path) -> Generator[None]:
    """Lock a folder, under whatever name, until the block or the process ends; an OSError where another one has it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)
