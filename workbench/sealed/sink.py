"""Where every attempt to leave is seen: `python -m workbench.sealed.sink`, its commands as JSON on stdin.

In a namespace of its own, names are answered, every address leads back here, and each packet is read on its way. Nobody
answers a connection, so whatever tries is refused at once, and is noted.
"""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from workbench.sealed import namespace
from workbench.sealed.packets import Attempt, answer_to, attempt_in
from workbench.sealed.routes import lead_everywhere_here

_ALL_PROTOCOLS, _OUTGOING = 0x0003, 4  # ETH_P_ALL, PACKET_OUTGOING
_PACKET_INFO, _PACKET_LEVEL, _STATISTICS = 8, 263, 6  # IP_PKTINFO, SOL_PACKET, PACKET_STATISTICS
_SECONDS_TO_ARRIVE = 0.2
_NAMES_ARE_AT = bytes([198, 18, 0, 1])  # RFC 2544, for tests of networks


class Sink:
    """Reads the packets of this namespace and answers its questions for names."""

    def __init__(self) -> None:
        self._packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL_PROTOCOLS))
        self._packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)  # or as much as the kernel allows
        self._names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._names.setsockopt(socket.IPPROTO_IP, _PACKET_INFO, 1)
        self._names.bind(("0.0.0.0", 53))
        self._attempts: list[Attempt] = []
        for work in (self._read, self._answer):
            threading.Thread(target=work, daemon=True).start()

    def taken(self) -> list[Attempt]:
        """What was noted since the last call, each once, in order."""
        time.sleep(_SECONDS_TO_ARRIVE)
        found, self._attempts = self._attempts, []
        return list(dict.fromkeys(found))

    def lost(self) -> int:
        """Packets since the last call that came too fast to be read: what was in them is not known."""
        statistics = self._packets.getsockopt(_PACKET_LEVEL, _STATISTICS, 8)
        return struct.unpack("=II", statistics)[1]

    def _read(self) -> None:
        while True:
            packet, (_, _, direction, _, _) = self._packets.recvfrom(65_535)
            attempt = attempt_in(packet) if direction == _OUTGOING else None
            if attempt is not None:
                self._attempts.append(attempt)

    def _answer(self) -> None:
        """Names are asked of whatever server this machine has set; the answer has to come from that address."""
        while True:
            query, control, _, asker = self._names.recvmsg(4096, 512)
            asked = next((data[8:12] for _, kind, data in control if kind == _PACKET_INFO), bytes(4))
            origin = struct.pack("=I4s4x", 0, asked)
            self._names.sendmsg(
                [answer_to(query, _NAMES_ARE_AT)], [(socket.IPPROTO_IP, _PACKET_INFO, origin)], 0, asker
            )


def _run(command: Sequence[str], sink: Sink) -> dict[str, Any]:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    attempts = [[attempt.kind, attempt.target] for attempt in sink.taken()]
    return {"code": done.returncode, "out": done.stdout, "err": done.stderr, "attempts": attempts, "lost": sink.lost()}


def _main() -> int:
    commands = json.load(sys.stdin)
    try:
        namespace.enter()
        lead_everywhere_here()
        sink = Sink()
    except (OSError, RuntimeError) as error:
        print(f"{error}", file=sys.stderr)
        return 1
    print(json.dumps([_run(command, sink) for command in commands]))
    return 0


if __name__ == "__main__":
    sys.exit(_main())
