"""What a transcription server says, read: texts, segments, complaints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.engines.base import DecodeOptions, Hypothesis, Segment
from workbench.engines.openai_address import Server
from workbench.errors import EngineError, UnknownName
from workbench.text.languages import language_code

_LONGEST_COMPLAINT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One complete answer.

    Attributes:
        status: HTTP's.
        headers: By name in small letters.
        body: All of it.
        tries: How often it was asked for.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    tries: int = 1

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_cut_off(self) -> bool:
        """Whether it claims to be JSON and is not, as when its end is missing."""
        if not self.is_success or "json" not in self.headers.get("content-type", ""):
            return False
        try:
            json.loads(self.body)
        except ValueError:
            return True
        return False

    @property
    def document(self) -> Any:
        """The JSON in it, with "?" for half characters, which it can name and no file hold; None where it is none."""
        try:
            found = json.loads(self.body)
            return json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
        except ValueError:
            return None

    @property
    def complaint(self) -> str:
        """What a refusal says: OpenAI's `error.message`, FastAPI's `detail`, or the beginning of the text."""
        if 300 <= self.status < 400:
            return f"go to {self.headers.get('location', 'elsewhere')}; redirects are not followed."
        found: Any = self.document
        if isinstance(found, dict):
            found = found.get("error") or found.get("detail") or found
            found = found.get("message", found) if isinstance(found, dict) else found
        text = self.body.decode(errors="replace") if found is None else str(found)
        return text[:_LONGEST_COMPLAINT]


def read_transcription(answer: Answer, server: Server) -> dict[str, Any]:
    """The document of a transcription.

    Raises:
        EngineError: It is something else.
    """
    body = answer.document
    if not isinstance(body, dict) or not isinstance(body.get("text"), str):
        raise EngineError(
            f"The server at {server.url} answered something that is no transcription.",
            hint="Give the address of an OpenAI-compatible API, as far as /v1.",
        )
    return body


def read_hypothesis(body: Mapping[str, Any], options: DecodeOptions) -> Hypothesis:
    """Text, language and segments; segments that make no sense are left out."""
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
