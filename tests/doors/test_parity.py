"""One recording and one set through every door: the same text, the same figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import workbench as python
from workbench import http, services
from workbench.cli import main
from workbench.engines.pool import EnginePool
from workbench.engines.scripted import ScriptedPlugin
from workbench.errors import WorkbenchError
from workbench.runs.report import comparison_json, run_json

CHROMIUM = Path("/usr/bin/chromium")
GIVEN_UP = "net::ERR_ABORTED"
CHAIN = "highpass+gain:peak_db=-3"


def without_times(document: dict[str, Any]) -> dict[str, Any]:
    """What must not differ between two runs of the same work."""
    return {name: value for name, value in document.items() if name not in ("run_id", "measurement")}


def test_a_benchmark_says_the_same_through_python_command_line_and_http(
    workbench: Callable[..., Any], server: Any, demo_set: Path
) -> None:
    asked = {"engine": "scripted", "chain": CHAIN, "on_existing": "again"}
    through_python = run_json(python.bench(str(demo_set), **asked))
    words = ("--engine", "scripted", "--chain", CHAIN, "--on-existing", "again", "--json")
    through_command_line = workbench("bench", demo_set, *words).document
    stream = httpx.post(f"{server.url}/v1/workbench/bench", json={"sets": [str(demo_set)], **asked}, timeout=60).text
    through_http = json.loads(stream.split("event: summary\ndata: ")[1])
    assert without_times(through_command_line) == without_times(through_python)
    assert without_times(through_http) == without_times(through_python)
    assert through_python["metrics"]["mer"]["errors"] == 3

    a, b = through_python["run_id"], through_command_line["run_id"]
    compared = comparison_json(python.compare(a, b))
    assert json.loads(json.dumps(compared)) == workbench("compare", a, b, "--json").document
    params = {"a": a, "b": b}
    assert httpx.get(f"{server.url}/v1/workbench/compare", params=params).json() == json.loads(json.dumps(compared))


def test_a_run_rescored_says_the_same_through_python_command_line_and_http(
    workbench: Callable[..., Any], server: Any, demo_set: Path
) -> None:
    run_id = python.bench(str(demo_set), engine="scripted").run_id
    for ruler in ("raw", "basic", "zh", "en"):
        expected = json.loads(json.dumps(run_json(python.score(run_id, ruler=ruler))))
        assert workbench("score", run_id, "--ruler", ruler, "--json").document == expected
        body = {"run": run_id, "ruler": ruler}
        assert httpx.post(f"{server.url}/v1/workbench/score", json=body).json() == expected


def test_an_error_says_the_same_through_python_command_line_and_http(
    workbench: Callable[..., Any], server: Any, bad_files: dict[str, Path], scripted: ScriptedPlugin
) -> None:
    for path in (bad_files[kind] for kind in ("text", "empty", "video")):
        with pytest.raises(WorkbenchError) as raised:
            python.transcribe(path, engine="scripted")
        error = workbench("transcribe", path, "--engine", "scripted", "--json").document["error"]
        assert (error["code"], error["message"], error["hint"]) == (
            raised.value.code,
            raised.value.message,
            raised.value.hint,
        )
        url = f"{server.url}/v1/audio/transcriptions"
        answer = httpx.post(url, data={"model": "scripted"}, files={"file": (path.name, path.read_bytes())})
        assert answer.json()["error"]["message"] == raised.value.sentence
        assert answer.json()["error"]["code"] == raised.value.code


@pytest.fixture
def builtin_pool(builtin_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EnginePool]:
    """The real engine, in a home where its weights are."""
    monkeypatch.setenv("WORKBENCH_HOME", str(builtin_home))
    services.default_pool.cache_clear()
    yield services.default_pool()
    services.default_pool.cache_clear()


@pytest.mark.weights
@pytest.mark.browser
@pytest.mark.slow
def test_a_recording_says_the_same_through_all_four_doors(
    builtin_pool: EnginePool, serve_app: Callable[..., Any], spoken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not CHROMIUM.exists():
        pytest.skip("needs Chromium at /usr/bin/chromium")
    from workbench.ui import app as page

    expected = python.transcribe(spoken).text
    assert expected.startswith("Let's start the meeting")

    capsys.readouterr()
    assert main(["transcribe", str(spoken), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["text"] == expected

    with serve_app(page.mount(http.create_app(builtin_pool), builtin_pool)) as url:
        answer = httpx.post(
            f"{url}/v1/audio/transcriptions", files={"file": (spoken.name, spoken.read_bytes())}, timeout=120
        )
        assert answer.json()["text"] == expected
        text, complaints = through_the_page(url, spoken)
    assert text == expected
    # The guard and its content security policy leave the page whole.
    assert complaints == []


def through_the_page(url: str, recording: Path) -> tuple[str, list[str]]:
    """The text that a person gets in a browser, and what the browser complained about."""
    from playwright.sync_api import sync_playwright

    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        # The page itself gives up streams that it no longer needs.
        page.on("requestfailed", lambda request: request.failure == GIVEN_UP or complaints.append(request.url))
        page.on("response", lambda response: complaints.append(response.url) if response.status >= 400 else None)
        page.on("request", lambda request: None if _is_own(request.url, url) else complaints.append(request.url))
        page.goto(url)
        page.locator(".wb-drop input[type=file]").set_input_files(recording)
        page.locator(".wb-run").click(timeout=60_000)
        page.wait_for_selector(".wb-badge", timeout=120_000)  # the facts come with the whole
        text = " ".join(page.locator(".wb-segments .wb-line").all_inner_texts())
        browser.close()
    return text, complaints


def _is_own(requested: str, url: str) -> bool:
    return requested.startswith((f"{url}/", "data:", "blob:"))
