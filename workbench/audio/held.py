"""Recordings whose files have no name on the disk: they last as long as somebody holds them, and no longer.

A file is opened and its name is taken away. What is left is reached by its descriptor, as /proc/<pid>/fd/<n>, also by
children of this process; when nobody holds it any more, or the process is killed, the kernel frees it. Where there is
no /proc (macOS, Windows) the file keeps a name, which says nothing, in the private folder until nobody holds it.
"""

from __future__ import annotations

import errno
import os
import secrets
import sys
import tempfile
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from workbench.errors import TooManyHeld
from workbench.storage import told

if sys.platform != "win32":
    import resource

MOST_HELD = 4096
"""Files without a name at once; where this process may have few files open, half of them."""

_HAS_PROC = Path("/proc/self/fd").is_dir()
_MOST_OFFERED = 512
"""Clips of eval sets and reports of runs that the page was shown last and may ask for."""

_Base = Path if TYPE_CHECKING else type(Path())


class HeldPath(_Base):
    """A path to a file that lasts as long as this object.

    Attributes:
        key: What a browser calls it. Nobody can guess it, so it is also the right to hear it.
        called: Its name for people; None where the path has it.
        free: Gives the file back; None for one that is not held.
    """

    key: str = ""
    called: str | None = None
    free: weakref.finalize[..., HeldPath] | None = None

    @property
    def name(self) -> str:
        """What the recording is called, for people; it is not in the path. `stem` and `suffix` are the name's."""
        return super().name if self.called is None else self.called


_KNOWN: weakref.WeakValueDictionary[str, HeldPath] = weakref.WeakValueDictionary()
_OFFERED: OrderedDict[str, HeldPath] = OrderedDict()
_LINGERING: dict[str, tuple[float, HeldPath]] = {}
_LOCK = threading.Lock()
_HANDLES: set[int] = set()
"""Descriptors of held files. Not under the lock: one is given back wherever the last holder lets go, in it too."""


def new_file(folder: Path, name: str, content: bytes = b"") -> HeldPath:
    """A file that never has a name of its own.

    Args:
        folder: On whose disk it lies; it is made where it is not there.
        name: What it is called, for people.
        content: What it holds.

    Raises:
        DiskError: It cannot be made, or written.
        TooManyHeld: So many are held already.
    """
    with told(name):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _room_for(name):
            handle, made = tempfile.mkstemp(prefix="held-", dir=folder)
        held = _held(handle, Path(made), name)
        if content:
            held.write_bytes(content)
    return held


def hold(path: Path, name: str = "") -> HeldPath:
    """Take over a file: its name is gone from the disk when this returns.

    Args:
        path: The file.
        name: What it is called, for people; empty for the file's own name.

    Raises:
        OSError: It cannot be opened.
        TooManyHeld: So many are held already.
    """
    with _room_for(name or path.name):
        handle = os.open(path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
    return _held(handle, path, name or path.name)


def lend(path: Path) -> HeldPath:
    """A file that stays where it is, to be asked for by a key: a clip of an eval set that is shown."""
    return offer(_called(path, path.name))


def offer(held: HeldPath) -> HeldPath:
    """Hold a file until so many others were offered after it: one that is made of what is stored anyway."""
    with _LOCK:
        _OFFERED[held.key] = held
        while len(_OFFERED) > _MOST_OFFERED:
            _OFFERED.popitem(last=False)
    return held


def most_held() -> int:
    """How many files without a name there may be at once: the other half is for connections, decoders and engines."""
    if sys.platform == "win32":
        return MOST_HELD
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST_HELD if soft == resource.RLIM_INFINITY else min(MOST_HELD, soft // 2)


def find(key: str) -> HeldPath | None:
    """The file of this key; None where nobody holds it any more."""
    return _KNOWN.get(key)


def linger(held: HeldPath, seconds: float) -> None:
    """Hold a file for so long, unless `forget` is told before: what waits to be fetched has no other holder."""
    with _LOCK:
        _LINGERING[held.key] = (time.monotonic() + seconds, held)
    timer = threading.Timer(seconds + 0.1, _forget_old)
    timer.daemon = True
    timer.start()


def forget(key: str) -> None:
    """Hold it no longer; whoever else holds it still does."""
    with _LOCK:
        _LINGERING.pop(key, None)


def release(held: HeldPath) -> None:
    """Give the file back at once, whoever still has the path: an error's traceback may keep that for long."""
    forget(held.key)
    if held.free is not None:
        held.free()


def as_path(path: Path | str) -> Path:
    """A path as it is, or one made of a text: made anew of a path, a held one would lose its name."""
    return path if isinstance(path, Path) else Path(path)


def writing(held: HeldPath) -> BinaryIO:
    """A held file, opened to be written from its start."""
    return open(held, "r+b")  # noqa: PTH123  closed by the caller; Path.open would do the same


def renamed(held: HeldPath, name: str) -> HeldPath:
    """The same file, called otherwise."""
    held.called = name
    return held


def _held(handle: int, path: Path, name: str) -> HeldPath:
    if not _HAS_PROC:
        os.close(handle)
        kept = _called(path, name)
        kept.free = weakref.finalize(kept, path.unlink, missing_ok=True)
        return kept
    try:
        path.unlink()
    except BaseException:
        os.close(handle)
        raise
    _HANDLES.add(handle)
    kept = _called(Path(f"/proc/{os.getpid()}/fd/{handle}"), name)
    kept.free = weakref.finalize(kept, _close, handle)
    return kept


@contextmanager
def _room_for(name: str) -> Generator[None]:
    """Around the opening of one file more; where there is no room, what was only offered gives way, the oldest first.

    Raises:
        TooManyHeld: There is none.
    """
    while len(_HANDLES) >= most_held():
        with _LOCK:
            if not _OFFERED:
                raise TooManyHeld(name)
            _OFFERED.popitem(last=False)
    try:
        yield
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            raise TooManyHeld(name) from error
        raise


def _called(path: Path, name: str) -> HeldPath:
    made = HeldPath(path)
    made.called = name
    made.key = secrets.token_urlsafe(24)
    _KNOWN[made.key] = made
    return made


def _close(handle: int) -> None:
    _HANDLES.discard(handle)
    with suppress(OSError):
        os.close(handle)


def _forget_old() -> None:
    now = time.monotonic()
    with _LOCK:
        for key in [key for key, (until, _) in _LINGERING.items() if until <= now]:
            del _LINGERING[key]
