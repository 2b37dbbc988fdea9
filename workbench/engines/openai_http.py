"""Any server on this machine that speaks OpenAI's transcription API: vLLM, whisper.cpp, speaches, this workbench."""

from __future__ import annotations

import io
import os
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated

import httpx
import soundfile
from pydantic import Field

from workbench import sealed
from workbench.audio.clip import AudioClip
from workbench.engines.backoff import Backoff
from workbench.engines.base import Availability, Capability, DecodeOptions, EngineInfo, Hypothesis
from workbench.engines.concurrent_calls import Pause, call_concurrently
from workbench.engines.openai_address import DEFAULT_URL, Server
from workbench.engines.openai_answers import Answer, read_hypothesis, read_transcription
from workbench.engines.openai_requests import CONNECT_SECONDS, MOST_AT_ONCE, Patience, Requests, tell_silence
from workbench.errors import EngineError, EngineUnavailable, UsageError, WorkbenchError
from workbench.settings import Settings
from workbench.text.languages import NAMES

DEFAULT_MODEL = "whisper-1"
CAPABILITIES: frozenset[Capability] = frozenset({"language", "context", "timestamps", "batch"})

_FORMATS = ("verbose_json", "json")
_REFUSES_FORMAT = (400, 415, 422)
_WANTS_KEY = (401, 403)
_BUSY = 429


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAiHttpOptions:
    """What is asked of the server beyond OpenAI's own fields, and how."""

    allow_remote: bool = field(
        default=False, metadata={"help": "Send recordings to a server that is not on this machine."}
    )
    api_key_env: Annotated[str, Field(pattern="^([A-Z][A-Z0-9_]*)?$")] = field(
        default="", metadata={"help": "Environment variable with the server's key; left empty, no key is sent."}
    )
    concurrency: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)] = field(
        default=4, metadata={"help": "Requests at once, at most; a batch has to be as large."}
    )
    retries: Annotated[int, Field(ge=0, le=20)] = field(
        default=4, metadata={"help": "How often a clip is sent again when the server is busy or the connection breaks."}
    )
    temperature: Annotated[float, Field(ge=0, le=1)] = field(
        default=0.0, metadata={"help": "0 is deterministic where the server is."}
    )
    timeout_seconds: Annotated[float, Field(gt=0)] = field(
        default=600.0, metadata={"help": "How long one clip may take, all tries together."}
    )


class OpenAiHttpEngine:
    """Sends each clip as 16-bit wav, several at once; see `Engine`. Nothing of the clip's name goes along."""

    def __init__(self, server: Server, client: httpx.Client, info: EngineInfo, backoff: Backoff | None = None) -> None:
        self.info = info
        self._server = server
        self._requests = Requests(server, client, backoff or Backoff())
        self._formats = _FORMATS

    def transcribe(self, clips: Sequence[AudioClip], options: DecodeOptions) -> list[Hypothesis]:
        """Transcribe clips, as many at once as `concurrency` says; see `Engine.transcribe`.

        Raises:
            UsageError: An option that cannot be used, or a server that is not on this machine.
            EngineError: The server does not answer, refuses, or answers something else.
        """
        own: OpenAiHttpOptions = self.info.validated(options.extra)
        self._server.check_allowed(allow_remote=own.allow_remote)
        key = read_key(own.api_key_env)
        patience = Patience(seconds=own.timeout_seconds, retries=own.retries)
        fields = {
            "model": self._server.model or DEFAULT_MODEL,
            "temperature": str(own.temperature),
            **({"language": options.language} if options.language else {}),
            **({"prompt": options.context.strip()} if options.context.strip() else {}),
        }

        def ask(clip: AudioClip, pause: Pause) -> Hypothesis:
            answer = self._ask(_wav(clip), fields, key, patience, pause)
            return read_hypothesis(read_transcription(answer, self._server), options)

        return call_concurrently(ask, clips, limit=own.concurrency)

    def _ask(self, wav: bytes, fields: Mapping[str, str], key: str, patience: Patience, pause: Pause) -> Answer:
        """One clip's answer, in the richest format that the server knows; which one that is, is remembered."""
        formats = self._formats
        answer = self._requests.send(wav, {**fields, "response_format": formats[0]}, key, patience, pause)
        if answer.status in _REFUSES_FORMAT and len(formats) > 1:
            plain = self._requests.send(wav, {**fields, "response_format": formats[1]}, key, patience, pause)
            if plain.is_success:
                self._formats = formats[1:]
                answer = plain
        if not answer.is_success:
            raise _refusal(answer, self._server, key)
        return answer

    def take_notes(self) -> tuple[str, ...]:
        """How many answers there were and in what time, and which requests were sent again, since last asked."""
        return self._requests.log.take().sentences(str(self._server.url))

    def close(self) -> None:
        """Close the connections."""
        self._requests.close()


def _refusal(answer: Answer, server: Server, key: str) -> EngineError:
    complaint = answer.complaint.replace(key, "…") if key else answer.complaint
    message = f"The server at {server.url} answered {answer.status}: {complaint}"
    if answer.tries > 1:
        message = f"The server at {server.url} answered {answer.status} {answer.tries} times: {complaint}"
    hint = "Its log says more; the model is named after the address, as in …/v1#model."
    if answer.status in _WANTS_KEY:
        hint = "Name the environment variable that holds its key with api_key_env."
    if answer.status == _BUSY:
        hint = "Lower concurrency, or raise retries."
    return EngineError(message, hint=hint)


def read_key(variable: str) -> str:
    """A server's key from the environment, where alone it is; empty where no variable is named.

    Raises:
        UsageError: The variable is not set, or holds what cannot be sent.
    """
    if not variable:
        return ""
    key = os.environ.get(variable, "").strip()
    if not key or not key.isascii() or not key.isprintable():
        raise UsageError(f"The environment variable {variable} holds no key.", hint="Set it, or name another.")
    return key


def _wav(clip: AudioClip) -> bytes:
    """The clip as 16-bit wav in memory; what is louder than full scale is clipped."""
    file = io.BytesIO()
    soundfile.write(file, clip.samples, clip.sample_rate, format="WAV", subtype="PCM_16")
    return file.getvalue()


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
            with open_client(server) as client:
                served_models(server, client)
        except WorkbenchError as error:
            return Availability(ok=False, reason=error.message)
        return Availability(ok=True, reason=f"The server at {server.url} answers.")

    def load(self, model: str | None, settings: Settings) -> OpenAiHttpEngine:
        """See `EnginePlugin.load`. Where no model is named and the server has exactly one, it is taken."""
        server = Server.parse(model or DEFAULT_URL)
        client = open_client(server)
        if server.is_local:
            served = served_models(server, client)
            if server.model is None and len(served) == 1:
                server = replace(server, model=served[0])
        return OpenAiHttpEngine(server, client, replace(self.info(model, settings), model_id=str(server)))


def open_client(server: Server) -> httpx.Client:
    """No proxies and no credentials from the environment, no redirects; connections are kept.

    Raises:
        EngineUnavailable: This process has no network to reach a server by.
    """
    if sealed.layers().kernel is not None:
        raise EngineUnavailable(
            "openai-http", "this process is sealed off from the network", hint="Start it again with --no-seal."
        )
    kept = httpx.Limits(max_connections=MOST_AT_ONCE, max_keepalive_connections=MOST_AT_ONCE, keepalive_expiry=60.0)
    # Reading the list of certificates takes 30 ms; without encryption, none is ever looked at.
    trusted = True if server.url.scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.Client(trust_env=False, follow_redirects=False, timeout=CONNECT_SECONDS, limits=kept, verify=trusted)


def served_models(server: Server, client: httpx.Client) -> list[str]:
    """The models that a server lists; empty where it lists none, as whisper.cpp's does.

    Raises:
        EngineUnavailable: Nothing answers at its address.
    """
    try:
        answer = client.get(server.path("models"))
    except httpx.HTTPError as error:
        silence = tell_silence(server)
        if not isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
            silence = f"The connection to {server.url} broke ({error or type(error).__name__})."
        raise EngineUnavailable(
            "openai-http", silence.rstrip("."), hint="Start the server, or give its address."
        ) from error
    try:
        return [str(one["id"]) for one in answer.json()["data"]]
    except (ValueError, KeyError, TypeError):
        return []


PLUGIN = OpenAiHttpPlugin()
