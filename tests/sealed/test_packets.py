"""What a packet says, on packets made by hand, and on noise."""

from __future__ import annotations

import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.sealed.packets import Attempt, answer_to, asked_name, attempt_in

TCP, UDP, ICMP = 6, 17, 1
SYN, ACK = 0x02, 0x10


def ip(protocol: int, target: str, rest: bytes, *, options: int = 0) -> bytes:
    address = ipaddress.ip_address(target)
    if address.version == 6:
        return struct.pack("!IHBB", 6 << 28, len(rest), protocol, 64) + bytes(16) + address.packed + rest
    head = struct.pack("!BBHHHBBH", 0x45 + options, 0, 20 + len(rest), 0, 0, 64, protocol, 0)
    return head + bytes(4) + address.packed + bytes(4 * options) + rest


def tcp(target: str, port: int, flags: int, **more: int) -> bytes:
    return ip(TCP, target, struct.pack("!HHIIBBHHH", 40_000, port, 0, 0, 5 << 4, flags, 0, 0, 0), **more)


def udp(target: str, port: int, data: bytes = b"", source: int = 40_000) -> bytes:
    return ip(UDP, target, struct.pack("!HHHH", source, port, 8 + len(data), 0) + data)


def question(name: str, kind: int = 1) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (tcp("198.51.100.1", 443, SYN), Attempt("tcp", "198.51.100.1:443")),
        (tcp("198.51.100.1", 443, SYN, options=3), Attempt("tcp", "198.51.100.1:443")),
        (tcp("2001:db8::1", 443, SYN), Attempt("tcp", "[2001:db8::1]:443")),
        (udp("203.0.113.1", 4433), Attempt("udp", "203.0.113.1:4433")),
        (udp("10.0.0.53", 53, question("hub.example.org")), Attempt("dns", "hub.example.org")),
        (udp("127.0.0.53", 53, question("hub.example.org")), Attempt("dns", "hub.example.org")),
        (udp("::1", 53, question("hub.example.org")), Attempt("dns", "hub.example.org")),
        (udp("10.0.0.53", 53, b"no question"), Attempt("dns", "10.0.0.53:53")),
        (ip(ICMP, "198.51.100.1", bytes([8, 0, 0, 0])), Attempt("other", "198.51.100.1, protocol 1")),
        (ip(132, "198.51.100.1", bytes(12)), Attempt("other", "198.51.100.1, protocol 132")),
    ],
)
def test_an_attempt_is_named(packet: bytes, expected: Attempt) -> None:
    assert attempt_in(packet) == expected


@pytest.mark.parametrize(
    "packet",
    [
        tcp("127.0.0.1", 7860, SYN),
        tcp("::1", 7860, SYN),
        tcp("198.51.100.1", 443, SYN | ACK),
        tcp("198.51.100.1", 443, ACK),
        udp("127.0.0.1", 4433),
        udp("198.51.100.1", 40_000, b"answer", source=53),
        ip(ICMP, "198.51.100.1", bytes([3, 3, 0, 0])),
        b"",
        b"\x45",
    ],
)
def test_what_stays_here_or_answers_is_none(packet: bytes) -> None:
    assert attempt_in(packet) is None


@given(st.binary(max_size=80))
def test_noise_is_no_accident(noise: bytes) -> None:
    attempt_in(noise)
    asked_name(noise)
    answer_to(noise, bytes(4))


@given(st.lists(st.from_regex(r"[a-z0-9-]{1,63}", fullmatch=True), min_size=1, max_size=4))
def test_the_name_asked_for_is_read(labels: list[str]) -> None:
    name = ".".join(labels)
    assert asked_name(question(name)) == name


def test_names_have_an_ipv4_address_and_nothing_else() -> None:
    address = bytes([198, 18, 0, 1])
    assert answer_to(question("a.b"), address).endswith(address)
    assert answer_to(question("a.b", 28), address)[6:8] == b"\0\0"
