"""A filter in the kernel that refuses to make a socket, except for those between processes of this machine.

For machines that let no user have a namespace: most containers, and Ubuntu from 24.04 on. Seccomp(2); like a namespace
it binds subprocesses and cannot be taken back.
"""

from __future__ import annotations

import ctypes
import errno
import platform
from typing import NamedTuple

from workbench.sealed.system import check, libc

_NO_NEW_PRIVILEGES, _SET_MODE_FILTER, _ALL_THREADS = 38, 1, 1  # prctl.h, seccomp.h
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # bpf_common.h: words at an offset, jumps, an answer
_NUMBER_AT, _MACHINE_AT, _FAMILY_AT = 0, 4, 16  # struct seccomp_data, little endian
_ALLOW, _REFUSE = 0x7FFF_0000, 0x0005_0000
_IO_URING_SETUP = 425  # it could make sockets past this filter; its callers know machines without it
_OTHER_NUMBERS = 0x4000_0000  # x32, a second way of calling the same kernel
_LOCAL_FAMILIES = (1, 16)  # AF_UNIX, and AF_NETLINK: questions to the kernel


class _Machine(NamedTuple):
    """What a processor calls itself in a filter, and the numbers of two system calls on it."""

    audit: int
    socket: int
    seccomp: int


_MACHINES = {"x86_64": _Machine(0xC000_003E, 41, 317), "aarch64": _Machine(0xC000_00B7, 198, 277)}


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("operand", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def enter() -> None:
    """Give up network sockets for good, in every thread and in every subprocess that begins later.

    Raises:
        OSError: The kernel refuses.
        RuntimeError: The numbers of this processor's system calls are not known here.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None or ctypes.sizeof(ctypes.c_void_p) != 8:
        raise RuntimeError(f"there is no filter for {platform.machine() or 'this processor'}")
    lines = _instructions(machine)
    program = _Program(len(lines), (_Instruction * len(lines))(*lines))
    library = libc()
    check(library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    library.syscall.restype = ctypes.c_long
    numbers = (ctypes.c_long(number) for number in (machine.seccomp, _SET_MODE_FILTER, _ALL_THREADS))
    check(library.syscall(*numbers, ctypes.byref(program)))


def _instructions(machine: _Machine) -> list[tuple[int, int, int, int]]:
    """The filter: (what to do, lines to skip if true, if false, operand)."""
    refuse_as_unreachable = _REFUSE | errno.ENETUNREACH
    return [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_EQUAL, 1, 0, machine.audit),
        (_RETURN, 0, 0, _REFUSE | errno.EPERM),  # a program for another processor has other numbers
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, 0, 1, _OTHER_NUMBERS),
        (_RETURN, 0, 0, _REFUSE | errno.EPERM),
        (_EQUAL, 0, 1, _IO_URING_SETUP),
        (_RETURN, 0, 0, _REFUSE | errno.ENOSYS),
        (_EQUAL, 1, 0, machine.socket),
        (_RETURN, 0, 0, _ALLOW),
        (_LOAD, 0, 0, _FAMILY_AT),
        (_EQUAL, 1, 0, _LOCAL_FAMILIES[0]),
        (_EQUAL, 0, 1, _LOCAL_FAMILIES[1]),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, refuse_as_unreachable),
    ]
