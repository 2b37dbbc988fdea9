"""Requests that are answered before they were heard out: the answer is there, and can be read while sending goes on."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from workbench.http.access.hearing import SHORT_BYTES, HeardOut

FORM = "Content-Type: multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
TOO_LONG = 5 * 1024**3
IDLE = 0.3

Connect = Callable[..., socket.socket]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Open a connection to a server and say the head of a POST."""
    opened: list[socket.socket] = []

    def begin(url: str, path: str, length: int, *headers: str) -> socket.socket:
        where = urlsplit(url)
        opened.append(socket.create_connection((where.hostname, where.port), timeout=30))
        lines = (f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {length}", *headers, "", "")
        opened[-1].sendall("\r\n".join(lines).encode())
        return opened[-1]

    yield begin
    for one in opened:
        one.close()


def read_answer(connection: socket.socket) -> tuple[http.client.HTTPResponse, Any]:
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer, json.loads(answer.read())


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/v1/audio/transcriptions", 413, "The upload is larger than 2 GiB. Split the recording."),
        ("/v1/workbench/bundles/verify", 413, "The upload is larger than 2 GiB. Split the recording."),
        ("/gradio_api/upload", 403, "This page is not known here any more. Reload it."),
    ],
)
def test_what_declares_too_much_or_may_not_be_sent_is_refused_before_a_byte_of_it_is(
    server: Any, connect: Connect, path: str, status: int, said: str
) -> None:
    answer, told = read_answer(connect(server.url, path, TOO_LONG, FORM))
    assert (answer.status, told["error"]["message"]) == (status, said)
    assert answer.getheader("connection") == "close"


def test_who_sends_all_before_reading_reads_the_refusal(server: Any, connect: Connect) -> None:
    connection = connect(server.url, "/v1/audio/transcriptions", TOO_LONG, FORM)
    connection.sendall(PART)
    for _ in range(96):  # more than every buffer on the way takes
        connection.sendall(bytes(1024**2))
    assert read_answer(connection)[0].status == 413


def test_who_asks_before_sending_is_answered_and_not_told_to_send(server: Any, connect: Connect) -> None:
    connection = connect(server.url, "/v1/audio/transcriptions", TOO_LONG, FORM, "Expect: 100-continue")
    said = b""
    while block := connection.recv(65536):  # to the end of the connection: nobody waits for what will not come
        said += block
    assert said.startswith(b"HTTP/1.1 413 ")
    assert b"100 Continue" not in said


def test_who_asks_before_sending_what_is_wanted_is_told_to_send(server: Any, connect: Connect) -> None:
    end = b"RIFF\r\n--x--\r\n"
    connection = connect(server.url, "/v1/audio/transcriptions", len(PART + end), FORM, "Expect: 100-continue")
    assert connection.recv(65536).startswith(b"HTTP/1.1 100 Continue")
    connection.sendall(PART + end)
    assert read_answer(connection)[0].status == 415


@pytest.fixture
def impatient(serve_app: Any) -> Iterator[str]:
    """A server that refuses whatever it is sent, and listens on for a moment only."""

    async def refuse(request: Request) -> Response:
        return PlainTextResponse('"No."', status_code=413)

    app = Starlette(routes=[Route("/", refuse, methods=["POST"])])
    with serve_app(HeardOut(app, most_seconds=2.0, idle_seconds=IDLE)) as url:
        yield url


def test_what_is_short_is_heard_first_and_the_connection_stays(impatient: str, connect: Connect) -> None:
    connection = connect(impatient, "/", 3)
    connection.settimeout(IDLE / 3)
    with pytest.raises(TimeoutError):
        connection.recv(1)
    connection.settimeout(30)
    connection.sendall(b"abc")
    for _ in range(2):
        answer, said = read_answer(connection)
        assert (answer.status, said, answer.getheader("connection")) == (413, "No.", None)
        connection.sendall(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\n\r\na")


@pytest.mark.parametrize("length", [3, SHORT_BYTES + 1])
def test_who_goes_silent_is_answered_and_waited_for_no_longer(impatient: str, connect: Connect, length: int) -> None:
    connection = connect(impatient, "/", length)
    answer, said = read_answer(connection)
    assert (answer.status, said, answer.getheader("connection")) == (413, "No.", "close")
    assert connection.recv(1) == b"", "and then it is closed"


def test_who_never_stops_sending_is_cut_off_in_the_end(impatient: str, connect: Connect) -> None:
    connection = connect(impatient, "/", TOO_LONG)
    answer, said = read_answer(connection)
    assert (answer.status, said) == (413, "No.")

    def send_on() -> None:
        for _ in range(10_000):
            connection.sendall(bytes(1024))
            time.sleep(IDLE / 30)

    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        send_on()
