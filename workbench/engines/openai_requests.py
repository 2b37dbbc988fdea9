"""Requests to one server: kept connections, tries, one deadline for all of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import httpx

from workbench.engines.backoff import RETRIED_STATUSES, Backoff
from workbench.engines.concurrent_calls import Pause
from workbench.engines.latencies import RequestLog
from workbench.engines.openai_address import Server
from workbench.engines.openai_answers import Answer
from workbench.errors import EngineError

MOST_AT_ONCE = 256
"""Connections that are kept; no engine asks for more requests at once."""
CONNECT_SECONDS = 5.0

_LARGEST_ANSWER = 64 << 20  # bytes; hours of words with their times are a few


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long one clip is asked for.

    Attributes:
        seconds: From the first try to the end of the last answer, waits included.
        retries: How often it may be sent again.
    """

    seconds: float
    retries: int


class _Broken(Exception):
    """A try that may go better next time, and why it did not."""


class Requests:
    """Sends clips to one server; for any number of threads.

    Args:
        server: Where to.
        client: Keeps the connections.
        backoff: How long is waited between tries.
    """

    def __init__(self, server: Server, client: httpx.Client, backoff: Backoff) -> None:
        self.log = RequestLog()
        self._server = server
        self._client = client
        self._backoff = backoff
        self._answered = False

    def send(self, wav: bytes, fields: Mapping[str, str], key: str, patience: Patience, pause: Pause) -> Answer:
        """One clip's answer: of the last try, where the server goes on refusing.

        Args:
            wav: The clip as a file.
            fields: The other fields of the form.
            key: Sent as a bearer token; empty for none.
            patience: How long and how often.
            pause: Waits.

        Raises:
            EngineError: No complete answer in time.
        """
        until = time.monotonic() + patience.seconds
        tries = 0
        while True:
            tries += 1
            answer, fault = self._try(wav, fields, key, patience, until)
            if answer is not None and answer.status not in RETRIED_STATUSES:
                return replace(answer, tries=tries)
            wait = self._backoff.seconds(tries, None if answer is None else answer.headers.get("retry-after"))
            if tries > patience.retries or time.monotonic() + wait > until:
                break
            self.log.repeat(fault)
            if pause(wait):
                break
        if answer is not None:
            return replace(answer, tries=tries)
        raise EngineError(
            f"The connection to {self._server.url} broke ({fault}); it was tried {tries} times.",
            hint="Start it again, or see its log.",
        )

    def _try(
        self, wav: bytes, fields: Mapping[str, str], key: str, patience: Patience, until: float
    ) -> tuple[Answer | None, str]:
        """A complete answer, or None, and why it should be tried again."""
        try:
            with self.log.request():
                answer = self._post(wav, fields, key, until)
        except httpx.TimeoutException as error:
            if isinstance(error, httpx.ConnectTimeout):
                raise self._unreachable() from error
            raise EngineError(
                f"The server at {self._server.url} did not answer within {patience.seconds:g} s.",
                hint="Give it more time with timeout_seconds.",
            ) from error
        except httpx.ConnectError as error:
            if not self._answered:  # nobody was ever there; a server that was may be starting again
                raise self._unreachable() from error
            return None, "a refused connection"
        except (httpx.HTTPError, _Broken) as error:
            return None, _reason(error)
        self._answered = True
        return answer, f"status {answer.status}"

    def _post(self, wav: bytes, fields: Mapping[str, str], key: str, until: float) -> Answer:
        left = max(until - time.monotonic(), 0.001)
        with self._client.stream(
            "POST",
            self._server.path("audio/transcriptions"),
            data=dict(fields),
            files={"file": ("audio.wav", wav, "audio/wav")},
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(left, connect=min(left, CONNECT_SECONDS)),
        ) as response:
            body = bytearray()
            for part in response.iter_bytes():  # a server that sends a byte now and then does not outlast the deadline
                body += part
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("the deadline passed while the answer came")
                if len(body) > _LARGEST_ANSWER:
                    raise EngineError(
                        f"The server at {self._server.url} answered more than {_LARGEST_ANSWER >> 20} MiB.",
                        hint="Give the address of an OpenAI-compatible API, as far as /v1.",
                    )
        answer = Answer(status=response.status_code, headers=dict(response.headers), body=bytes(body))
        if answer.is_cut_off:
            raise _Broken("half an answer")
        return answer

    def _unreachable(self) -> EngineError:
        return EngineError(tell_silence(self._server), hint="Start it again, or see its log.")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def tell_silence(server: Server) -> str:
    """That nobody is there, as a sentence."""
    return f"No server answers at {server.url}."


def _reason(error: Exception) -> str:
    """Why a connection broke, as words that count alike: libraries put addresses and lengths in theirs."""
    if isinstance(error, _Broken):
        return str(error)
    if isinstance(error, httpx.RemoteProtocolError):
        return "no answer" if "without sending a response" in str(error) else "half an answer"
    return "a broken connection" if isinstance(error, httpx.NetworkError) else type(error).__name__
