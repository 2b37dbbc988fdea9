"""An empty network namespace made to look like a network: every address leads to the loopback interface.

Whoever is in it can send to any address, and all of it arrives where it can be seen. rtnetlink(7), netdevice(7).
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct

_SET_FLAGS, _UP = 0x8914, 0x1  # SIOCSIFFLAGS, IFF_UP
_NEW_ROUTE, _ERROR = 24, 2  # RTM_NEWROUTE, NLMSG_ERROR
_REQUEST = 0x1 | 0x4 | 0x100 | 0x400  # NLM_F_REQUEST, ACK, REPLACE, CREATE
_MAIN_TABLE, _BOOT, _HOST_SCOPE, _LOCAL = 254, 3, 254, 2  # rtnetlink.h; a local route is an address of one's own
_OUT_OF = 4  # RTA_OIF


def lead_everywhere_here() -> None:
    """Bring loopback up in this namespace and make every IPv4 and IPv6 address one of this machine's.

    Raises:
        OSError: This process may not; a kernel without IPv6 is no error.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SET_FLAGS, struct.pack("16sH14x", b"lo", _UP))
    loopback = socket.if_nametoindex("lo")
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            _add_local_route(family, loopback)
        except OSError as error:
            if family == socket.AF_INET or error.errno not in (errno.EOPNOTSUPP, errno.EAFNOSUPPORT, errno.EACCES):
                raise


def _add_local_route(family: int, interface: int) -> None:
    """`ip route add local 0.0.0.0/0 dev lo`, without needing that program."""
    route = struct.pack("=8BI", family, 0, 0, 0, _MAIN_TABLE, _BOOT, _HOST_SCOPE, _LOCAL, 0)
    body = route + struct.pack("=HHI", 8, _OUT_OF, interface)
    message = struct.pack("=IHHII", 16 + len(body), _NEW_ROUTE, _REQUEST, 1, 0) + body
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.send(message)
        answer = kernel.recv(4096)
    _, kind, _, _, _, code = struct.unpack_from("=IHHIIi", answer)
    if kind == _ERROR and code != 0:
        raise OSError(-code, os.strerror(-code))
