"""The HTTP door, over a real socket, asked by the real OpenAI client among others."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from kept_recordings import temporary_files

from workbench import http, services
from workbench.engines.base import Hypothesis
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.engines.scripted import ScriptedPlugin
from workbench.settings import Settings


@pytest.fixture
def client(server: Any) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)


@pytest.fixture
def transcribe(server: Any, spoken: Path) -> Callable[..., httpx.Response]:
    def post(file: Path | None = spoken, **fields: Any) -> httpx.Response:
        files = {} if file is None else {"file": (file.name, file.read_bytes())}
        fields.setdefault("model", "scripted")
        return httpx.post(
            f"{server.url}/v1/audio/transcriptions", data=fields, files=files or {"other": b""}, timeout=60
        )

    return post


def wait_until(claim: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


# OpenAI's API --------------------------------------------------------------------------------------------------------


def test_the_openai_client_gets_text(client: openai.OpenAI, spoken: Path) -> None:
    with spoken.open("rb") as file:
        answer = client.audio.transcriptions.create(model="scripted", file=file)
    assert answer.text == "somebody spoke"


def test_the_openai_client_gets_segments(client: openai.OpenAI, spoken: Path) -> None:
    with spoken.open("rb") as file:
        answer = client.audio.transcriptions.create(
            model="scripted", file=file, language="en", response_format="verbose_json",
            timestamp_granularities=["segment"], temperature=0.0, prompt="Kwun Tong",
        )  # fmt: skip
    assert (answer.text, answer.language, answer.duration) == ("somebody spoke", "english", 3.4)
    (segment,) = answer.segments
    assert (segment.id, segment.start, segment.end, segment.text) == (0, 0.0, 3.4, "somebody spoke")
    assert segment.avg_logprob is None


@pytest.mark.parametrize(
    ("response_format", "begins"),
    [("text", "somebody spoke\n"), ("srt", "1\n00:00:00,000 --> 00:00:03,400\n"), ("vtt", "WEBVTT\n")],
)
def test_the_openai_client_gets_plain_formats(
    client: openai.OpenAI, spoken: Path, response_format: Any, begins: str
) -> None:
    with spoken.open("rb") as file:
        answer = client.audio.transcriptions.create(model="scripted", file=file, response_format=response_format)
    assert str(answer).startswith(begins)


def test_the_openai_client_reads_our_errors(client: openai.OpenAI, spoken: Path, bad_files: dict[str, Path]) -> None:
    with pytest.raises(openai.NotFoundError) as unknown, spoken.open("rb") as file:
        client.audio.transcriptions.create(model="nobody", file=file)
    assert unknown.value.code == "UnknownName"
    assert "There is no engine named 'nobody'." in unknown.value.message
    with pytest.raises(openai.APIStatusError) as unreadable, bad_files["text"].open("rb") as file:
        client.audio.transcriptions.create(model="scripted", file=file)
    assert unreadable.value.status_code == 415
    assert unreadable.value.type == "invalid_request_error"
    assert "letter.wav" in unreadable.value.message


def test_the_openai_client_lists_engines_that_run_here(client: openai.OpenAI) -> None:
    assert "scripted" in {model.id for model in client.models.list()}


@pytest.mark.parametrize("name", ["", "whisper-1"])
def test_names_that_mean_the_default_engine(
    transcribe: Callable[..., httpx.Response], scripted: ScriptedPlugin, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(services, "DEFAULT_ENGINE", "scripted")
    assert transcribe(model=name).json()["text"] == "somebody spoke"


def test_fields_reach_the_engine(transcribe: Callable[..., httpx.Response], scripted: ScriptedPlugin) -> None:
    answer = transcribe(language="Cantonese", prompt="觀塘", chain="gain:peak_db=-12")
    assert answer.status_code == 200
    (call,) = scripted.journal.calls
    assert (call.options.language, call.options.context) == ("yue", "觀塘")
    assert abs(call.clips[0].samples).max() == pytest.approx(10 ** (-12 / 20), rel=0.01)


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"response_format": "pdf"}, 404, "response_format"),
        ({"timestamp_granularities[]": "word"}, 400, "json has no place for times of words."),
        (
            {"timestamp_granularities[]": "word", "response_format": "verbose_json"},
            400,
            "scripted has no times of words.",
        ),
        ({"timestamp_granularities[]": "letter"}, 404, "There is no granularity of times"),
        ({"stream": "true", "response_format": "srt"}, 400, "srt is not streamed."),
        ({"channel": "middle"}, 404, "There is no channel named 'middle'."),
        ({"speakers": "some"}, 400, "'some' is no number of speakers."),
        ({"language": "Klingonese"}, 404, "There is no language"),
        ({"chain": "hipass"}, 404, "There is no step"),
    ],
)
def test_what_cannot_be_done_is_said_before_the_work(
    transcribe: Callable[..., httpx.Response], scripted: ScriptedPlugin, fields: dict[str, str], status: int, said: str
) -> None:
    answer = transcribe(**fields)
    error = answer.json()["error"]
    assert answer.status_code == status
    assert set(error) == {"message", "type", "param", "code"}
    assert said in error["message"]
    assert scripted.journal.calls == []


@pytest.mark.parametrize("kind", ["text", "empty", "video"])
def test_a_recording_that_cannot_be_used_is_said_in_a_sentence(
    transcribe: Callable[..., httpx.Response], server: Any, bad_files: dict[str, Path], kind: str
) -> None:
    answer = transcribe(bad_files[kind])
    assert answer.status_code in (415, 422)
    assert bad_files[kind].name in answer.json()["error"]["message"]
    assert temporary_files(server) == []


def test_a_form_without_a_recording_is_refused(transcribe: Callable[..., httpx.Response], server: Any) -> None:
    assert transcribe(None).json()["error"]["message"].startswith("There is no recording in the form.")
    bare = httpx.post(f"{server.url}/v1/audio/transcriptions", json={"model": "scripted"})
    assert bare.status_code == 400


def test_half_a_transcript_is_marked_in_every_format(
    transcribe: Callable[..., httpx.Response], scripted: ScriptedPlugin
) -> None:
    scripted.script = {"*": Hypothesis(text="half a", raw="half a", finish="length")}
    assert transcribe().json()["complete"] is False
    for response_format in ("text", "srt", "vtt", "verbose_json"):
        assert transcribe(response_format=response_format).headers["x-workbench-complete"] == "false"


def test_voice_is_deleted_once_it_is_text(
    transcribe: Callable[..., httpx.Response], server: Any, scripted: ScriptedPlugin
) -> None:
    seen: list[int] = []

    def look(clip: Any) -> str:
        seen.append(len(temporary_files(server)))
        return "heard"

    scripted.script = look
    assert transcribe().json()["text"] == "heard"
    assert seen == [1]
    assert temporary_files(server) == []


def test_our_own_mistake_says_nothing_of_what_was_said(
    server: Any, scripted: ScriptedPlugin, spoken: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def mistake(clip: Any) -> str:
        raise RuntimeError("the secret sentence")

    scripted.script = mistake
    answer = httpx.post(
        f"{server.url}/v1/audio/transcriptions", data={"model": "scripted"}, files={"file": spoken.read_bytes()}
    )
    assert answer.status_code in (500, 503)
    assert "secret" not in answer.text
    wait_until(lambda: temporary_files(server) == [], seconds=1)


def test_a_client_that_goes_away_stops_the_work(
    server: Any, scripted: ScriptedPlugin, spoken: Path, tmp_path: Path
) -> None:
    scripted.chunk_seconds, scripted.delay_seconds = 1.0, 0.3
    body = httpx.Request(
        "POST", f"{server.url}/v1/audio/transcriptions", data={"model": "scripted"}, files={"file": spoken.read_bytes()}
    )
    head = f"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: {httpx.URL(server.url).netloc.decode()}\r\n"
    head += f"Content-Type: {body.headers['content-type']}\r\nContent-Length: {body.headers['content-length']}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", httpx.URL(server.url).port)) as connection:
        connection.sendall(head.encode() + body.read())
        wait_until(lambda: len(scripted.journal.calls) == 1)
    wait_until(lambda: temporary_files(server) == [])
    made = len(scripted.journal.calls)
    time.sleep(1.0)
    assert len(scripted.journal.calls) == made < 4


# Health --------------------------------------------------------------------------------------------------------------


def test_health_answers_while_the_device_is_busy(server: Any, scripted: ScriptedPlugin, spoken: Path) -> None:
    scripted.delay_seconds = 1.5
    with ThreadPoolExecutor() as threads:
        work = [
            threads.submit(
                httpx.post, f"{server.url}/v1/audio/transcriptions", data={"model": "scripted"},
                files={"file": spoken.read_bytes()}, timeout=60,
            )
            for _ in range(2)
        ]  # fmt: skip
        wait_until(lambda: len(scripted.journal.calls) == 1)
        began = time.monotonic()
        health = httpx.get(f"{server.url}/health").json()
        took = time.monotonic() - began
        assert [one.result().status_code for one in work] == [200, 200]
    assert took < 1.0
    assert health["status"] == "ok"
    assert [state["state"] for state in health["engines"]] == ["ready"]
    assert scripted.journal.most_at_once == 1


def test_health_says_how_far_loading_is(server: Any, scripted: ScriptedPlugin) -> None:
    assert httpx.get(f"{server.url}/health").json()["engines"] == []
    scripted.load_seconds = 0.5
    server.pool.warm(EngineRef("scripted"))
    states = []
    while "ready" not in states:
        states += [state["state"] for state in httpx.get(f"{server.url}/health").json()["engines"]]
    assert states[0] == "loading"


# The other verbs -----------------------------------------------------------------------------------------------------


def events_of(response: httpx.Response) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for block in response.read().decode().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines())
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def test_a_benchmark_is_a_stream_of_events_and_a_summary(server: Any, demo_set: Path) -> None:
    with httpx.stream(
        "POST", f"{server.url}/v1/workbench/bench", json={"sets": [str(demo_set)], "engine": "scripted"}, timeout=60
    ) as response:
        events = events_of(response)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert [name for name, _ in events] == ["started", "result", "result", "result", "finished", "summary"]
    assert [event["id"] for name, event in events if name == "result"] == ["one", "two", "three"]
    assert events[3][1]["text"] == "请打开 API"
    summary = events[-1][1]
    assert (summary["scored"], summary["metrics"]["mer"]["errors"]) == (3, 3)
    run_id = summary["run_id"]

    listed = httpx.get(f"{server.url}/v1/workbench/runs").json()
    assert [run["run_id"] for run in listed] == [run_id]
    stored = httpx.get(f"{server.url}/v1/workbench/runs/{run_id}").json()
    assert stored["summary"]["metrics"] == summary["metrics"]
    assert len(stored["outcomes"]) == 3
    scored = httpx.post(f"{server.url}/v1/workbench/score", json={"run": run_id}).json()
    assert scored["metrics"] == summary["metrics"]
    compared = httpx.get(f"{server.url}/v1/workbench/compare", params={"a": run_id, "b": run_id}).json()
    assert compared["metrics"]["mer"]["delta"] == 0.0
    assert httpx.delete(f"{server.url}/v1/workbench/runs/{run_id}").status_code == 204
    assert httpx.get(f"{server.url}/v1/workbench/runs/{run_id}").status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"sets": ["englich-demo"], "engine": "scripted"}, 404, "There is no set"),
        ({"sets": ["english-demo"], "engine": "nobody"}, 404, "There is no engine"),
        ({"sets": ["english-demo"], "engine": "scripted", "ruler": "yard"}, 404, "There is no ruler"),
        ({"sets": [], "engine": "scripted"}, 400, "No eval set was named."),
        ({"sets": ["english-demo"], "speed": 3}, 400, "speed"),
        ({}, 400, "sets"),
    ],
)
def test_a_benchmark_that_cannot_begin_is_an_ordinary_error(server: Any, body: Any, status: int, said: str) -> None:
    answer = httpx.post(f"{server.url}/v1/workbench/bench", json=body, timeout=60)
    assert answer.status_code == status
    assert said in answer.json()["error"]["message"]


def test_who_stops_reading_stops_the_benchmark_and_keeps_what_is_done(
    server: Any, demo_set: Path, scripted: ScriptedPlugin
) -> None:
    scripted.delay_seconds = 0.4
    body = {"sets": [str(demo_set)], "engine": "scripted"}
    with httpx.stream("POST", f"{server.url}/v1/workbench/bench", json=body, timeout=60) as response:
        for line in response.iter_lines():
            if line == "event: result":
                break
    wait_until(lambda: services.list_runs(pool=server.pool)[0].status == "cancelled")
    stored = services.load_run(services.list_runs(pool=server.pool)[0].run_id, pool=server.pool)
    assert 1 <= len(stored.outcomes) < 3


def test_texts_are_scored(server: Any) -> None:
    pairs = [{"id": "a", "reference": "one two three", "hypothesis": "one too three"}]
    answer = httpx.post(f"{server.url}/v1/workbench/score", json={"pairs": pairs, "ruler": "raw"}).json()
    assert answer["metrics"]["wer"]["rate"] == pytest.approx(1 / 3)
    assert answer["ruler"] == "raw@1"
    assert httpx.post(f"{server.url}/v1/workbench/score", json={}).status_code == 400


def test_engines_and_sets_are_listed(server: Any) -> None:
    engines = {one["name"]: one for one in httpx.get(f"{server.url}/v1/workbench/engines").json()}
    assert engines["scripted"]["availability"]["ok"] is True
    assert engines["builtin"]["info"]["options"]
    assert "english-demo" in {one["name"] for one in httpx.get(f"{server.url}/v1/workbench/sets").json()}


def test_what_is_not_there_is_said_in_the_same_shape(server: Any) -> None:
    for method, path, status in (("GET", "/v1/nothing", 404), ("PUT", "/v1/models", 405)):
        answer = httpx.request(method, server.url + path)
        assert answer.status_code == status
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


def test_no_page_of_this_server_asks_another_host(server: Any) -> None:
    assert httpx.get(f"{server.url}/docs").status_code == 404
    assert httpx.get(f"{server.url}/redoc").status_code == 404
    assert "/v1/audio/transcriptions" in httpx.get(f"{server.url}/openapi.json").json()["paths"]


def test_every_route_refuses_foreign_hosts_and_pages(server: Any) -> None:
    paths = httpx.get(f"{server.url}/openapi.json").json()["paths"]
    asked = 0
    foreign = ({"host": "evil.example"}, {"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"})
    for path, methods in paths.items():
        for method in methods:
            url = server.url + re.sub(r"\{\w+\}", "x", path)
            for headers in foreign:
                assert httpx.request(method, url, headers=headers).status_code == 403
                asked += 1
    assert asked >= 3 * 10


def test_nothing_is_left_when_the_server_has_stopped(
    scripted: ScriptedPlugin, serve_app: Callable[..., Any], spoken: Path
) -> None:
    pool = EnginePool(Settings.from_env())
    with serve_app(http.create_app(pool)) as url:
        httpx.post(f"{url}/v1/audio/transcriptions", data={"model": "scripted"}, files={"file": spoken.read_bytes()})
    assert list(pool.settings.temporary.iterdir()) == []


def test_our_own_server_is_an_engine_of_another_workbench(server: Any, spoken: Path) -> None:
    # A pool of its own, as another process has: one pool's device cannot wait for itself.
    other = EnginePool(server.pool.settings)
    through_http = services.transcribe(spoken, engine=f"openai-http:{server.url}/v1#scripted", pool=other)
    itself = services.transcribe(spoken, engine="scripted", pool=server.pool)
    assert through_http.text == itself.text != ""
    assert [segment.text for segment in through_http.segments] == [segment.text for segment in itself.segments]


def test_a_ruler_over_http_is_never_a_file(server: Any, demo_set: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('name = "own"\nversion = 1\nsteps = ["case"]\n', encoding="utf-8")
    run_id = services.bench(str(demo_set), engine="scripted", pool=server.pool).run_id
    base, asked = f"{server.url}/v1/workbench", {"ruler": str(own)}
    answers = [
        httpx.post(f"{base}/score", json={"run": run_id, **asked}),
        httpx.post(f"{base}/score", json={"pairs": [{"id": "a", "reference": "a", "hypothesis": "b"}], **asked}),
        httpx.post(f"{base}/bench", json={"sets": [str(demo_set)], "engine": "scripted", **asked}),
        httpx.get(f"{base}/runs/{run_id}", params=asked),
        httpx.get(f"{base}/compare", params={"a": run_id, "b": run_id, **asked}),
    ]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert all("no ruler named" in answer.json()["error"]["message"] for answer in answers)
