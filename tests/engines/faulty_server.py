"""A transcription server over real sockets that fails as it is told to, and counts what reaches it."""

from __future__ import annotations

import io
import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import soundfile

JSON = {"Content-Type": "application/json"}
BEGUN = b'{"text": "9'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def text_of(frames: int) -> str:
    """What is heard in a clip: its length, so that every text says which clip it is of."""
    return f"{frames} frames"


@dataclass
class FaultyServer:
    """By clip (its length in frames) and try (from 1 on), what happens; None transcribes it."""

    plan: Callable[[int, int], Callable[[Handler], None] | None] = lambda frames, tries: None
    url: str = ""
    delay_seconds: float = 0.0
    tries: Counter[int] = field(default_factory=Counter)
    headers: list[dict[str, str]] = field(default_factory=list)
    connections: int = 0
    under_way: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    faulty: FaultyServer

    def setup(self) -> None:
        super().setup()
        with self.faulty.lock:
            self.faulty.connections += 1

    def do_GET(self) -> None:
        self.answer(200, {"data": [{"id": "a"}, {"id": "b"}]})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        faulty = self.faulty
        frames = len(soundfile.read(io.BytesIO(body[body.index(b"RIFF") :]))[0])
        with faulty.lock:
            faulty.tries[frames] += 1
            faulty.headers.append(dict(self.headers))
            faulty.under_way += 1
            faulty.most_at_once = max(faulty.most_at_once, faulty.under_way)
            fault = faulty.plan(frames, faulty.tries[frames])
        try:
            time.sleep(faulty.delay_seconds)
            if fault is None:
                with faulty.lock:
                    faulty.under_way -= 1  # before the client can know that it was answered, and ask again
                self.answer(200, {"text": text_of(frames), "language": "english"})
                return
            fault(self)
        finally:
            with faulty.lock:
                faulty.under_way -= fault is not None

    def answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (JSON if headers is None else headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone is no news."""


@contextmanager
def faulty_server() -> Generator[FaultyServer]:
    faulty = FaultyServer()
    server = _Quiet(("127.0.0.1", 0), type("FaultyHandler", (Handler,), {"faulty": faulty}))
    faulty.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield faulty
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def refuse(status: int, body: Any = b"Traceback", **headers: str) -> Callable[[Handler], None]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.answer(status, body, named)


def reset(handler: Handler) -> None:
    """The connection breaks before a word is said."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def half(handler: Handler, *, end: Callable[[Handler], None] | None = None) -> None:
    """Less is sent than was announced."""
    handler.wfile.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n" + b'{"text": "9'
    )
    handler.wfile.flush()
    (end or hang_up)(handler)


def reset_in_the_middle(handler: Handler) -> None:
    half(handler, end=reset)


def cut_without_a_word(handler: Handler) -> None:
    """No length was announced, and the end is missing."""
    handler.wfile.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" + b'{"text": "9'
    )
    hang_up(handler)


def hang_up(handler: Handler) -> None:
    handler.close_connection = True


def dribble(handler: Handler) -> None:
    """A byte now and then, for ever, each well within any time limit of its own."""
    handler.wfile.write(HEAD + b"Content-Length: 999\r\n\r\n")
    for _ in range(100):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)
