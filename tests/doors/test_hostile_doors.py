"""Hostile texts on a terminal, and in what the API answers: shown, never obeyed, never a page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import anyio
import httpx
import pytest
from hostile_texts import HOSTILE
from starlette.routing import BaseRoute, Mount

from workbench import http, services
from workbench.cli.console import Console
from workbench.engines.pool import EnginePool
from workbench.engines.scripted import ScriptedPlugin
from workbench.errors import UsageError
from workbench.settings import Settings

HERE = "http://127.0.0.1:7860"
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]")
ESCAPES = re.compile(r"\x1b\[[\d;]*[mKA]|\x1b\[\?25[lh]")
"""Of our own: bold and colours of a table, and the cursor of a bar."""


def everything(text: str) -> None:
    """All that the command line can write."""
    console = Console(as_json=False)
    console.say(text)
    console.table((text, "b"), [(text, text), ("a", text)])
    console.write(text.encode("utf-8", "replace"))
    console.note(text)
    console.error(UsageError(text, hint=text), about=text)
    with console.progress(text) as advance:
        advance(1, 2)
        console.note(text)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_shows_and_does_not_obey(
    text: str, terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = text.encode("utf-8", "replace").decode()  # as files and streams hold it
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    everything(text)
    captured = capsys.readouterr()
    for said in (captured.out, captured.err):
        own = ESCAPES.sub("", said.replace("\r", ""))

        if terminal:
            assert "\x1b" not in own
            assert CONTROLS.search(own) is None
    assert captured.out


def test_one_json_document_says_any_text(capsys: pytest.CaptureFixture[str]) -> None:
    for text in HOSTILE:
        said = text.encode("utf-8", "replace").decode()
        Console(as_json=True).document({"text": said})
        assert json.loads(capsys.readouterr().out) == {"text": said}


def paths(routes: list[BaseRoute]) -> Iterator[str]:
    """Paths of our own GET routes that hold something of who asks."""
    for route in routes:
        if isinstance(route, Mount):
            continue
        if hasattr(route, "original_router"):
            yield from paths(list(route.original_router.routes))
        elif "GET" in (getattr(route, "methods", None) or ()) and "{" in route.path:  # pyright: ignore
            yield route.path  # pyright: ignore


def test_an_error_of_the_api_is_json_that_no_browser_takes_for_a_page(
    settings: Settings, scripted: ScriptedPlugin
) -> None:
    app = http.create_app(EnginePool(settings))
    found = sorted(set(paths(list(app.routes))))
    assert len(found) > 5

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
            answers: list[httpx.Response] = []
            for text in HOSTILE:
                said = quote(text.encode("utf-8", "replace")[:300], safe="")
                answers += [await client.get(re.sub(r"\{[^}]*\}", lambda _, said=said: said, path)) for path in found]
                name = text.encode("utf-8", "replace").decode()
                form: dict[str, Any] = {"model": name, "language": name, "response_format": name}
                files = {"file": (name, b"no audio")}
                answers.append(await client.post("/v1/audio/transcriptions", data=form, files=files))
            return answers

    refused = 0
    for answer in anyio.run(ask):
        assert answer.status_code < 500, (answer.url, answer.text)
        assert answer.headers["x-content-type-options"] == "nosniff"
        kind = answer.headers.get("content-type", "")
        assert "html" not in kind
        assert "svg" not in kind
        if answer.status_code >= 400 and "json" in kind:
            assert json.loads(answer.text)
            refused += 1
    assert refused > len(HOSTILE)


def test_a_command_with_hostile_arguments_says_what_is_wrong(workbench: Any, demo_set: Path) -> None:
    for text in HOSTILE:
        said = text.encode("utf-8", "replace").decode().replace("\0", "")
        for words in (("runs", "show", said), ("transcribe", f"./{said}"), ("score", f"./{said}")):
            outcome = workbench(*words, "--engine", "scripted") if words[0] == "transcribe" else workbench(*words)
            assert outcome.code in (1, 2), words
            assert "Something went wrong" not in outcome.err, (words, outcome.err)
            assert CONTROLS.search(outcome.err) is None
            assert "\x1b" not in outcome.err
    assert services.list_runs() == []
