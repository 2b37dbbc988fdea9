"""What a packet says: who wanted to reach what. RFC 791 and 8200 (IP), 9293 (TCP), 768 (UDP), 1035 (DNS)."""

from __future__ import annotations

import ipaddress
import socket
import struct
from dataclasses import dataclass
from typing import Literal

Kind = Literal["dns", "tcp", "udp", "other"]
_DNS_PORT = 53
_SYN, _ACK = 0x02, 0x10
_IPV4, _IPV6 = 4, 6
_OWN_BUSINESS = frozenset({socket.IPPROTO_ICMP, socket.IPPROTO_ICMPV6})
_ECHO_REQUESTS = frozenset({(socket.IPPROTO_ICMP, 8), (socket.IPPROTO_ICMPV6, 128)})


@dataclass(frozen=True, slots=True, order=True)
class Attempt:
    """One try to leave this machine.

    Attributes:
        kind: A name looked up, a connection, a datagram, or another protocol.
        target: The name, or the address with its port.
    """

    kind: Kind
    target: str


def attempt_in(packet: bytes) -> Attempt | None:
    """What an outgoing IP packet tries; None for one that stays here, answers, or goes on with what was noted.

    A name looked up on a loopback address counts: a resolver there asks others.
    """
    if not packet or len(packet) < (20 if packet[0] >> 4 == _IPV4 else 40):
        return None
    if packet[0] >> 4 == _IPV4:
        protocol, target, rest = packet[9], ipaddress.ip_address(packet[16:20]), packet[(packet[0] & 15) * 4 :]
    elif packet[0] >> 4 == _IPV6:
        protocol, target, rest = packet[6], ipaddress.ip_address(packet[24:40]), packet[40:]
    else:
        return None
    if protocol == socket.IPPROTO_UDP and len(rest) >= 8:
        return _datagram(target, rest)
    if protocol == socket.IPPROTO_TCP and len(rest) >= 14:
        begins = rest[13] & (_SYN | _ACK) == _SYN
        port = struct.unpack_from("!H", rest, 2)[0]
        return Attempt("tcp", _at(target, port)) if begins and not target.is_loopback else None
    answers = protocol in _OWN_BUSINESS and (protocol, rest[0] if rest else 0) not in _ECHO_REQUESTS
    return None if answers or target.is_loopback else Attempt("other", f"{target}, protocol {protocol}")


def _datagram(target: ipaddress.IPv4Address | ipaddress.IPv6Address, rest: bytes) -> Attempt | None:
    source, port = struct.unpack_from("!HH", rest)
    if source == _DNS_PORT:
        return None  # the sink's own answer
    if port == _DNS_PORT:
        return Attempt("dns", asked_name(rest[8:]) or _at(target, port))
    return None if target.is_loopback else Attempt("udp", _at(target, port))


def _at(target: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> str:
    return f"[{target}]:{port}" if target.version == _IPV6 else f"{target}:{port}"


def asked_name(query: bytes) -> str:
    """The name that a DNS query asks for; empty where it is none."""
    labels: list[str] = []
    place = 12
    while place < len(query) and 0 < query[place] < 64:
        labels.append(query[place + 1 : place + 1 + query[place]].decode("ascii", errors="replace"))
        place += 1 + query[place]
    return ".".join(labels)


def answer_to(query: bytes, address: bytes) -> bytes:
    """A DNS answer that every name is at this IPv4 address; without one, that there is none of that type.

    Args:
        query: As it came.
        address: Four bytes.
    """
    place = 12
    while place < len(query) and query[place]:
        place += 1 + query[place]
    question = query[12 : place + 5]
    asks_for_ipv4 = question[-4:-2] == b"\x00\x01"
    header = query[:2] + struct.pack("!HHHHH", 0x8180, 1, int(asks_for_ipv4), 0, 0)
    record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + address
    return header + question + (record if asks_for_ipv4 else b"")
