"""A scripted engine behind every door, and the doors."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
import uvicorn

from workbench import http, services
from workbench.cli import main
from workbench.engines.pool import EnginePool
from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.settings import Settings

SETS = Path(__file__).resolve().parents[2] / "eval_sets"
SPOKEN = SETS / "english-demo" / "audio" / "e01.flac"

ANSWERS = {
    "one.wav": "turn the light on",
    "two.wav": "turn the lights off",
    "three.wav": "请打开 API",
    "*": "somebody spoke",
}
REFERENCES = {"one": "turn the light on", "two": "turn the light off", "three": "请打开 API 文档"}


@dataclass(frozen=True)
class Outcome:
    """What one command did."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output; fails where there is none, or anything beside it."""
        return json.loads(self.out)


Command = Callable[..., Outcome]


@pytest.fixture
def scripted(workbench_home: Path) -> Iterator[ScriptedPlugin]:
    """The engine `scripted`, known to the registry; the process's own pool starts afresh in an empty home."""
    services.default_pool.cache_clear()
    with offered(ScriptedPlugin(script=dict(ANSWERS))) as plugin:
        yield plugin
    services.default_pool.cache_clear()


@pytest.fixture
def workbench(scripted: ScriptedPlugin, capsys: pytest.CaptureFixture[str]) -> Command:
    """`workbench("bench", "demo", "--json")`, in this process."""

    def run(*words: object) -> Outcome:
        capsys.readouterr()
        try:
            code = main([str(word) for word in words])
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture
def demo_set(tmp_path: Path) -> Path:
    """Three labelled clips of noise; what is heard in them is the script's business."""
    folder = tmp_path / "demo"
    folder.mkdir()
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    lines = []
    for name, reference in REFERENCES.items():
        soundfile.write(folder / f"{name}.wav", noise, 16_000)
        labels = {"text": reference, "duration": 1.0, "language": "zh-en"}
        lines.append({"id": name, "audio_filepath": f"{name}.wav", **labels})
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return folder


@pytest.fixture
def bad_files(tmp_path: Path) -> dict[str, Path]:
    """Recordings that cannot be used."""
    renamed, empty, silent = tmp_path / "letter.wav", tmp_path / "empty.wav", tmp_path / "screen.mp4"
    renamed.write_text("Dear Sir or Madam,\n" * 20)
    empty.touch()
    with av.open(str(silent), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        for _ in range(5):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return {"missing": tmp_path / "nowhere.wav", "text": renamed, "empty": empty, "video": silent}


@dataclass(frozen=True)
class Server:
    """A real server on a port of its own."""

    url: str
    pool: EnginePool


@contextmanager
def served(app: Any) -> Generator[str]:
    """Run an application under uvicorn in a thread."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=1))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=20)


@pytest.fixture
def serve_app() -> Callable[..., Any]:
    """`with serve_app(app) as url:`."""
    return served


@pytest.fixture
def spoken() -> Path:
    """Synthetic English speech, shipped with the workbench."""
    return SPOKEN


@pytest.fixture
def server(scripted: ScriptedPlugin) -> Iterator[Server]:
    """The HTTP door, without the page."""
    pool = EnginePool(Settings.from_env())
    with served(http.create_app(pool)) as url:
        yield Server(url=url, pool=pool)
