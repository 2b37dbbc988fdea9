"""Any server on this machine that speaks OpenAI's transcription API: vLLM, whisper.cpp, speaches, this workbench."""

from __future__ import annotations

import io
import ipaddress
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import httpx
import soundfile
from pydantic import Field

from workbench import sealed
from workbench.audio.clip import AudioClip
from workbench.engines.base import Availability, Capability, DecodeOptions, EngineInfo, Hypothesis, Segment
from workbench.errors import EngineError, EngineUnavailable, UnknownName, UsageError, WorkbenchError
from workbench.settings import Settings
from workbench.text.languages import NAMES, language_code

DEFAULT_URL = "http://127.0.0.1:8000/v1"
DEFAULT_MODEL = "whisper-1"
CAPABILITIES: frozenset[Capability] = frozenset({"language", "context", "timestamps"})

_FORMATS = ("verbose_json", "json")
_REFUSES_FORMAT = (400, 415, 422)
_CONNECT_SECONDS = 5.0
_ALLOW = "Run the server on this machine, or set WORKBENCH_ALLOW_REMOTE=1 if your recordings may go there."


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAiHttpOptions:
    """What is asked of the server beyond OpenAI's own fields."""

    allow_remote: bool = field(
        default=False, metadata={"help": "Send recordings to a server that is not on this machine."}
    )
    temperature: Annotated[float, Field(ge=0, le=1)] = field(
        default=0.0, metadata={"help": "0 is deterministic where the server is."}
    )
    timeout_seconds: Annotated[float, Field(gt=0)] = field(
        default=600.0, metadata={"help": "How long one clip may take."}
    )


@dataclass(frozen=True, slots=True)
class Server:
    """Where to send clips, and which model to ask for; None takes the server's only one."""

    url: httpx.URL
    model: str | None

    @classmethod
    def parse(cls, text: str) -> Server:
        """Read `http://127.0.0.1:8000/v1#model`.

        Raises:
            UsageError: No http address, or one with a password in it.
        """
        try:
            url = httpx.URL(text)
        except httpx.InvalidURL as error:
            raise UsageError(f"{text!r} is no address: {error}", hint=f"Write openai-http:{DEFAULT_URL}.") from None
        if url.scheme not in ("http", "https") or not url.host or url.userinfo:
            raise UsageError(f"{text!r} is no server's address.", hint=f"Write openai-http:{DEFAULT_URL}.")
        return cls(url.copy_with(fragment=None, query=None), url.fragment or None)

    def __str__(self) -> str:
        return f"{self.url}#{self.model}" if self.model else str(self.url)

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine. Only `localhost` is looked up: asking for any other name would go out."""
        host = self.url.host
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            pass
        if host != "localhost" and not host.endswith(".localhost"):
            return False
        try:
            found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, self.url.port or 80)}
        except OSError:
            return False
        return all(ipaddress.ip_address(address).is_loopback for address in found)

    def check_allowed(self, *, allow_remote: bool = False) -> None:
        """Refuse a server elsewhere, unless that was allowed.

        Raises:
            UsageError: The server is not on this machine.
        """
        allowed = allow_remote or os.environ.get("WORKBENCH_ALLOW_REMOTE", "") in ("1", "true")
        if not allowed and not self.is_local:
            raise UsageError(f"{self.url.host} is not this machine, and recordings stay on it.", hint=_ALLOW)


class OpenAiHttpEngine:
    """Sends each clip as 16-bit wav; see `Engine`. Nothing of the clip's name goes along."""

    def __init__(self, server: Server, client: httpx.Client, info: EngineInfo) -> None:
        self.info = info
        self._server = server
        self._client = client
        self._formats = _FORMATS

    def transcribe(self, clips: Sequence[AudioClip], options: DecodeOptions) -> list[Hypothesis]:
        """Transcribe one clip after another; see `Engine.transcribe`.

        Raises:
            UsageError: An option that cannot be used, or a server that is not on this machine.
            EngineError: The server does not answer, refuses, or answers something else.
        """
        own: OpenAiHttpOptions = self.info.validated(options.extra)
        self._server.check_allowed(allow_remote=own.allow_remote)
        fields = {
            "model": self._server.model or DEFAULT_MODEL,
            "temperature": str(own.temperature),
            **({"language": options.language} if options.language else {}),
            **({"prompt": options.context.strip()} if options.context.strip() else {}),
        }
        return [_hypothesis(self._ask(_wav(clip), fields, own.timeout_seconds), options) for clip in clips]

    def _ask(self, wav: bytes, fields: dict[str, str], timeout_seconds: float) -> dict[str, Any]:
        """One clip's answer, in the richest format that the server knows; which one that is, is remembered."""
        answer = self._post(wav, fields | {"response_format": self._formats[0]}, timeout_seconds)
        if answer.status_code in _REFUSES_FORMAT and len(self._formats) > 1:
            plain = self._post(wav, fields | {"response_format": self._formats[1]}, timeout_seconds)
            if plain.is_success:
                self._formats = self._formats[1:]
                answer = plain
        if not answer.is_success:
            raise EngineError(
                f"The server at {self._server.url} answered {answer.status_code}: {_complaint(answer)}",
                hint="Its log says more; the model is named after the address, as in …/v1#model.",
            )
        return _json(answer, self._server)

    def _post(self, wav: bytes, fields: dict[str, str], timeout_seconds: float) -> httpx.Response:
        try:
            return self._client.post(
                f"{str(self._server.url).rstrip('/')}/audio/transcriptions",
                data=fields,
                files={"file": ("audio.wav", wav, "audio/wav")},
                timeout=httpx.Timeout(timeout_seconds, connect=_CONNECT_SECONDS),
            )
        except httpx.TimeoutException as error:
            raise EngineError(
                f"The server at {self._server.url} did not answer within {timeout_seconds:.0f} s.",
                hint="Give it more time with timeout_seconds.",
            ) from error
        except httpx.HTTPError as error:
            raise EngineError(_silence(self._server, error), hint="Start it again, or see its log.") from error

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _silence(server: Server, error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.ConnectError):
        return f"No server answers at {server.url}."
    return f"The connection to {server.url} broke ({error or type(error).__name__})."


def _wav(clip: AudioClip) -> bytes:
    """The clip as 16-bit wav in memory; what is louder than full scale is clipped."""
    file = io.BytesIO()
    soundfile.write(file, clip.samples, clip.sample_rate, format="WAV", subtype="PCM_16")
    return file.getvalue()


def _json(answer: httpx.Response, server: Server) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("text"), str):
        raise EngineError(
            f"The server at {server.url} answered something that is no transcription.",
            hint="Give the address of an OpenAI-compatible API, as far as /v1.",
        )
    return body


def _complaint(answer: httpx.Response) -> str:
    """What a refusal says: OpenAI's `error.message`, FastAPI's `detail`, or the beginning of the text."""
    if answer.is_redirect:
        return f"go to {answer.headers.get('location', 'elsewhere')}; redirects are not followed."
    try:
        body = answer.json()
        found = body.get("error") or body.get("detail") or body
        message = found.get("message", found) if isinstance(found, dict) else found
    except (ValueError, AttributeError):
        message = answer.text
    return str(message)[:300]


def _hypothesis(body: dict[str, Any], options: DecodeOptions) -> Hypothesis:
    listed = body.get("segments")
    segments = [_segment(part) for part in listed] if isinstance(listed, list) else []
    return Hypothesis(
        text=body["text"].strip(),
        raw=body["text"],
        language=_language(body.get("language")) or options.language,
        segments=tuple(part for part in segments if part is not None),
    )


def _segment(part: Any) -> Segment | None:
    try:
        return Segment(start=float(part["start"]), end=float(part["end"]), text=str(part["text"]).strip())
    except (KeyError, TypeError, ValueError):
        return None


def _language(answered: Any) -> str | None:
    try:
        return language_code(answered) if isinstance(answered, str) else None
    except UnknownName:
        return None


class OpenAiHttpPlugin:
    """A server's address, and after `#` which of its models."""

    name = "openai-http"
    summary = "Any server on this machine with OpenAI's transcription API: openai-http:http://127.0.0.1:8000/v1#model."
    models = (DEFAULT_URL,)

    def info(self, model: str | None, settings: Settings) -> EngineInfo:  # noqa: ARG002  the same everywhere
        """See `EnginePlugin.info`."""
        return EngineInfo(
            name=self.name,
            model_id=str(Server.parse(model or DEFAULT_URL)),
            languages=tuple(NAMES),
            capabilities=CAPABILITIES,
            options=OpenAiHttpOptions,
            runtime="remote",
        )

    def check(self, model: str | None, settings: Settings) -> Availability:  # noqa: ARG002
        """See `EnginePlugin.check`; a server elsewhere is not asked whether it is there."""
        try:
            server = Server.parse(model or DEFAULT_URL)
            server.check_allowed()
            if not server.is_local:
                return Availability(ok=True, reason=f"It sends recordings to {server.url.host}.")
            with _client() as client:
                served_models(server, client)
        except WorkbenchError as error:
            return Availability(ok=False, reason=error.message)
        return Availability(ok=True, reason=f"The server at {server.url} answers.")

    def load(self, model: str | None, settings: Settings) -> OpenAiHttpEngine:
        """See `EnginePlugin.load`. Where no model is named and the server has exactly one, it is taken."""
        server = Server.parse(model or DEFAULT_URL)
        client = _client()
        if server.is_local:
            served = served_models(server, client)
            if server.model is None and len(served) == 1:
                server = replace(server, model=served[0])
        return OpenAiHttpEngine(server, client, replace(self.info(model, settings), model_id=str(server)))


def _client() -> httpx.Client:
    """No proxies and no credentials from the environment, no redirects.

    Raises:
        EngineUnavailable: This process has no network to reach a server by.
    """
    if sealed.layers().kernel is not None:
        raise EngineUnavailable(
            "openai-http", "this process is sealed off from the network", hint="Start it again with --no-seal."
        )
    return httpx.Client(trust_env=False, follow_redirects=False, timeout=_CONNECT_SECONDS)


def served_models(server: Server, client: httpx.Client) -> list[str]:
    """The models that a server lists; empty where it lists none, as whisper.cpp's does.

    Raises:
        EngineUnavailable: Nothing answers at its address.
    """
    try:
        answer = client.get(f"{str(server.url).rstrip('/')}/models")
    except httpx.HTTPError as error:
        raise EngineUnavailable(
            "openai-http", _silence(server, error).rstrip("."), hint="Start the server, or give its address."
        ) from error
    try:
        return [str(one["id"]) for one in answer.json()["data"]]
    except (ValueError, KeyError, TypeError):
        return []


PLUGIN = OpenAiHttpPlugin()
