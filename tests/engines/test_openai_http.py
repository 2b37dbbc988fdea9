"""A transcription server on this machine, spoken to over a real socket."""

from __future__ import annotations

import email
import email.policy
import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
import soundfile

from workbench.audio.clip import AudioClip
from workbench.engines.base import DecodeOptions, Hypothesis, Segment
from workbench.engines.openai_http import PLUGIN, Server
from workbench.engines.registry import EngineRef
from workbench.errors import EngineError, EngineUnavailable, UsageError
from workbench.settings import Settings

RAMP = np.linspace(-1.0, 1.0, 16_000, dtype=np.float32)
CLIP = AudioClip(samples=RAMP, sample_rate=16_000, source="ward round, Mrs Chan.wav")
VERBOSE = {
    "text": " Hello there.",
    "language": "english",
    "duration": 1.0,
    "segments": [{"id": 0, "start": 0.0, "end": 0.9, "text": " Hello there."}],
}


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    fields: dict[str, str] = field(default_factory=dict[str, str])
    wav: bytes = b""


@dataclass
class FakeServer:
    """What the server says, by the response format asked for, and what it was told."""

    url: str = ""
    answers: dict[str, tuple[int, Any]] = field(default_factory=lambda: {"verbose_json": (200, VERBOSE)})
    models: list[str] = field(default_factory=lambda: ["whisper-large"])
    headers: dict[str, str] = field(default_factory=dict[str, str])
    delay_seconds: float = 0.0
    received: list[Received] = field(default_factory=list[Received])


def handler(fake: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            fake.received.append(Received(self.path, dict(self.headers)))
            self.answer(200, {"object": "list", "data": [{"id": name} for name in fake.models]})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received = Received(self.path, dict(self.headers))
            for name, value in parts(self.headers["Content-Type"], body):
                if name == "file":
                    received.wav = value
                else:
                    received.fields[name] = value.decode()
            fake.received.append(received)
            time.sleep(fake.delay_seconds)
            self.answer(*fake.answers[received.fields["response_format"]])

        def answer(self, status: int, body: Any) -> None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in fake.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def parts(content_type: str, body: bytes) -> Iterator[tuple[str, bytes]]:
    message = email.message_from_bytes(
        b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body, policy=email.policy.HTTP
    )
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        yield str(name), part.get_payload(decode=True) or b""


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    fake = FakeServer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(fake))
    fake.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield fake
    server.shutdown()
    server.server_close()
    thread.join(5)


def ask(url: str, settings: Settings, **options: Any) -> Hypothesis:
    engine = PLUGIN.load(url, settings)
    try:
        return engine.transcribe([CLIP], DecodeOptions(**options))[0]
    finally:
        engine.close()


def test_a_clip_is_sent_as_wav_and_its_text_comes_back(fake: FakeServer, settings: Settings) -> None:
    found = ask(fake.url, settings, language="en", context=" Chan, metoprolol ")
    assert found == Hypothesis(
        text="Hello there.",
        raw=" Hello there.",
        language="en",
        segments=(Segment(start=0.0, end=0.9, text="Hello there."),),
        finish="unknown",
    )
    sent = fake.received[-1]
    assert sent.path == "/v1/audio/transcriptions"
    assert sent.fields == {
        "model": "whisper-large",
        "temperature": "0.0",
        "language": "en",
        "prompt": "Chan, metoprolol",
        "response_format": "verbose_json",
    }
    samples, rate = soundfile.read(io.BytesIO(sent.wav), dtype="float32")
    assert rate == 16_000
    np.testing.assert_allclose(samples, RAMP, atol=1 / 32_000)


def test_nothing_else_is_sent(fake: FakeServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    ask(fake.url, settings)
    sent = fake.received[-1]
    assert "Authorization" not in sent.headers
    assert sent.fields.keys() == {"model", "temperature", "response_format"}, "no language and no prompt unless asked"
    assert b"Chan" not in sent.wav


def test_the_model_is_named_after_the_address(fake: FakeServer, settings: Settings) -> None:
    engine = PLUGIN.load(f"{fake.url}#qwen", settings)
    engine.transcribe([CLIP], DecodeOptions())
    assert fake.received[-1].fields["model"] == "qwen"
    assert engine.info.model_id == f"{fake.url}#qwen"


@pytest.mark.parametrize(("models", "taken"), [(["only"], "only"), (["a", "b"], "whisper-1"), ([], "whisper-1")])
def test_the_only_model_of_a_server_is_taken(
    fake: FakeServer, settings: Settings, models: list[str], taken: str
) -> None:
    fake.models = models
    ask(fake.url, settings)
    assert fake.received[-1].fields["model"] == taken


def test_plain_json_is_asked_for_where_verbose_is_refused(fake: FakeServer, settings: Settings) -> None:
    fake.answers = {"verbose_json": (400, {"error": {"message": "only json"}}), "json": (200, {"text": "Hello."})}
    engine = PLUGIN.load(fake.url, settings)
    found = engine.transcribe([CLIP, CLIP], DecodeOptions(language="en", extra={"concurrency": 1}))
    assert [one.text for one in found] == ["Hello.", "Hello."]
    assert found[0].segments == ()
    assert found[0].language == "en"
    formats = [sent.fields["response_format"] for sent in fake.received if sent.fields]
    assert formats == ["verbose_json", "json", "json"], "what the server knows is remembered"


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((404, {"error": {"message": "The model `x` does not exist."}}), "answered 404: The model `x` does not exist."),
        ((422, {"detail": [{"msg": "field required"}]}), "answered 422: .*field required"),
        ((501, b"Traceback"), "answered 501: Traceback"),
        ((200, b"<html>"), "no transcription"),
        ((200, {"txt": "Hello"}), "no transcription"),
        ((200, {"text": None}), "no transcription"),
        ((200, ["text"]), "no transcription"),
    ],
)
def test_what_goes_wrong_is_a_sentence(
    fake: FakeServer, settings: Settings, answer: tuple[int, Any], sentence: str
) -> None:
    fake.answers = {"verbose_json": answer, "json": answer}
    with pytest.raises(EngineError, match=sentence) as caught:
        ask(fake.url, settings)
    assert caught.value.hint


def test_odd_segments_are_left_out_and_the_text_stays(fake: FakeServer, settings: Settings) -> None:
    fake.answers["verbose_json"] = (200, VERBOSE | {"segments": [{"start": None}, 7], "language": "klingon"})
    found = ask(fake.url, settings)
    assert (found.text, found.segments, found.language) == ("Hello there.", (), None)


def test_a_redirect_is_not_followed(fake: FakeServer, settings: Settings) -> None:
    fake.headers = {"Location": "http://192.0.2.1/v1/audio/transcriptions"}
    fake.answers["verbose_json"] = (307, {})
    with pytest.raises(EngineError, match=r"answered 307: go to http://192\.0\.2\.1.*not followed"):
        ask(fake.url, settings)


def test_a_server_that_takes_too_long_is_given_up(fake: FakeServer, settings: Settings) -> None:
    fake.delay_seconds = 1.0
    began = time.perf_counter()
    with pytest.raises(EngineError, match="did not answer within"):
        ask(fake.url, settings, extra={"timeout_seconds": 0.2})
    assert time.perf_counter() - began < 0.9


def test_no_server_is_a_sentence(settings: Settings) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        availability = PLUGIN.check(url, settings)
        assert not availability.ok
        assert f"No server answers at {url}" in availability.reason
        with pytest.raises(EngineUnavailable, match="No server answers"):
            PLUGIN.load(url, settings)


def test_a_server_that_answers_can_run(fake: FakeServer, settings: Settings) -> None:
    availability = PLUGIN.check(fake.url, settings)
    assert availability.ok
    assert availability.reason == f"The server at {fake.url} answers."


REMOTE = ["http://192.0.2.1/v1", "https://api.openai.com/v1", "http://10.0.0.5:8000/v1", "http://asr.internal/v1"]


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whatever asks for a name or a connection is listed, and refused."""
    attempts: list[str] = []

    def refuse(*arguments: Any, **_: Any) -> Any:
        attempts.append(str(arguments[:2]))
        raise OSError("refused by the test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    return attempts


@pytest.mark.parametrize("url", REMOTE)
def test_a_server_elsewhere_is_refused_without_asking_anyone(
    url: str, settings: Settings, no_network: list[str]
) -> None:
    availability = PLUGIN.check(url, settings)
    assert not availability.ok
    assert "recordings stay on it" in availability.reason
    with pytest.raises(UsageError, match="is not this machine") as caught:
        ask(url, settings)
    assert "WORKBENCH_ALLOW_REMOTE=1" in caught.value.hint
    assert no_network == []


def test_a_server_elsewhere_can_be_allowed(
    settings: Settings, no_network: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EngineError, match="No server answers"):
        ask("http://192.0.2.1/v1", settings, extra={"allow_remote": "true"})
    assert len(no_network) == 1
    monkeypatch.setenv("WORKBENCH_ALLOW_REMOTE", "1")
    assert PLUGIN.check("http://192.0.2.1/v1", settings).reason == "It sends recordings to 192.0.2.1."
    with pytest.raises(EngineError, match="No server answers"):
        ask("http://192.0.2.1/v1", settings)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/v1", "http://127.8.8.8/v1", "http://[::1]:8000/v1"])
def test_loopback_addresses_are_this_machine(url: str) -> None:
    assert Server.parse(url).is_local


@pytest.mark.parametrize(
    ("addresses", "local"), [(["127.0.0.1", "::1"], True), (["127.0.0.1", "192.0.2.1"], False), (["192.0.2.1"], False)]
)
def test_localhost_counts_only_where_it_means_this_machine(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str], local: bool
) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)
    assert Server.parse("http://localhost:8000/v1").is_local is local


@pytest.mark.parametrize(
    "text", ["", "127.0.0.1:8000", "ftp://127.0.0.1/v1", "file:///etc/passwd", "http://", "http://me:pw@127.0.0.1/v1"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="address"):
        Server.parse(text)


def test_an_engine_reference_carries_address_and_model() -> None:
    ref = EngineRef.parse("openai-http:http://127.0.0.1:8000/v1#whisper-1")
    assert ref.model is not None
    server = Server.parse(ref.model)
    assert (str(server.url), server.model) == ("http://127.0.0.1:8000/v1", "whisper-1")
