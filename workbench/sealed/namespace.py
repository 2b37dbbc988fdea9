"""A network namespace with nothing in it: every new socket finds no network, those that listen already go on.

Namespaces(7), user_namespaces(7). 0.7 ms; no root is needed where the kernel lets users have namespaces of their own.
"""

from __future__ import annotations

import os
from pathlib import Path

from workbench.sealed.system import check, is_administrator, libc, thread_count

_NEW_USER, _NEW_NETWORK = 0x1000_0000, 0x4000_0000  # sched.h


def enter(*, own_user: bool | None = None) -> None:
    """Leave the network for good. Subprocesses and threads that begin later are in the same place.

    A forked child tries it first, so that a refusal half-way leaves this process as it was.

    Args:
        own_user: Whether to take a user namespace along, which those who are not root need. In it, root can no longer
            read what is readable to its owner only, so the real root does without; None decides so.

    Raises:
        OSError: The kernel refuses.
        RuntimeError: Threads run already: they would keep the network.
    """
    if thread_count() != 1:
        raise RuntimeError(f"{thread_count()} threads run already")
    alone = not is_administrator() if own_user is None else own_user
    _rehearse(alone)
    _unshare(alone)


def _rehearse(own_user: bool) -> None:
    child = os.fork()
    if child == 0:
        try:
            _unshare(own_user)
            os._exit(0)
        except OSError as error:
            os._exit(min(error.errno or 255, 255))
        finally:
            os._exit(255)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status != 0:
        number = status if 0 < status < 255 else 1
        raise OSError(number, os.strerror(number))


def _unshare(own_user: bool) -> None:
    user, group = os.getuid(), os.getgid()
    check(libc().unshare(_NEW_NETWORK | (_NEW_USER if own_user else 0)))
    if own_user:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
