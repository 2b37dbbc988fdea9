"""Recordings dropped on the page: no name on the disk from the first byte on, and heard by ranges."""

from __future__ import annotations

import gc
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI

from workbench.audio import held as holding
from workbench.audio.held import find, forget
from workbench.engines.pool import EnginePool
from workbench.http.answers import HANDLERS
from workbench.http.recordings import router
from workbench.settings import Settings

SOUND = bytes(range(256)) * 4000


@pytest.fixture
def url(serve_app: Any, settings: Settings) -> Iterator[str]:
    """These routes alone; who may use them is tested with all others."""
    app = FastAPI(exception_handlers=HANDLERS)
    app.state.pool = EnginePool(settings)
    app.include_router(router)
    with serve_app(app) as where:
        yield where


def files_of(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file()]


def drop(client: httpx.Client, *names: str) -> list[str]:
    return client.post("/gradio_api/upload", files=[("files", (name, SOUND)) for name in names]).json()


def test_an_upload_is_held_without_a_name_and_sent_by_ranges(url: str, workbench_home: Path) -> None:
    with httpx.Client(base_url=url) as client:
        paths = drop(client, "Quitte.wav", "Quitte.wav")
        keys = [Path(path).name for path in paths]
        assert len(set(keys)) == 2, "two of one name and content are two"
        held = [find(key) for key in keys]
        assert [one.name for one in held] == ["Quitte.wav"] * 2
        left = files_of(workbench_home)
        assert all(path.stat().st_size == 0 and "Quitte" not in str(path) for path in left)
        part = client.get(f"/files/{keys[0]}", headers={"Range": "bytes=1000-1999"})
        assert (part.status_code, part.content) == (206, SOUND[1000:2000])
        assert part.headers["content-type"] == "audio/wav"
        assert client.get(f"/zh-Hans/files/{keys[1]}").content == SOUND
        held.clear()
        for key in keys:
            forget(key)
        gc.collect()
        assert client.get(f"/files/{keys[0]}").status_code == 404


@pytest.mark.parametrize("key", ["nobody", "..", "%2e%2e%2fetc%2fpasswd", "3"])
def test_a_key_that_nobody_holds_is_nothing(url: str, key: str) -> None:
    assert httpx.get(f"{url}/files/{key}").status_code == 404


def test_an_upload_that_breaks_off_is_gone_within_a_second(url: str, workbench_home: Path) -> None:
    where = urlsplit(url)
    before = set(holding._KNOWN)
    head = (
        b"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2000000\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="Quitte.wav"\r\n\r\n'
    )
    with socket.create_connection((where.hostname, where.port)) as connection:
        connection.sendall(head + SOUND)
        until = time.monotonic() + 10
        while not set(holding._KNOWN) - before:
            assert time.monotonic() < until, "it began to arrive"
            time.sleep(0.02)
        assert files_of(workbench_home) == []
    time.sleep(1)
    gc.collect()
    assert set(holding._KNOWN) <= before
    assert files_of(workbench_home) == []


def test_a_full_disk_is_said_in_a_sentence_and_leaves_nothing(
    url: str, workbench_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(held: Any) -> Any:
        return open("/dev/full", "wb", buffering=0)  # noqa: PTH123

    monkeypatch.setattr("workbench.http.uploads.writing", full)
    before = set(holding._KNOWN)
    answer = httpx.post(f"{url}/gradio_api/upload", files={"files": ("Quitte.wav", SOUND)})
    assert answer.status_code == 507
    assert "No space left" in answer.text
    gc.collect()
    assert set(holding._KNOWN) <= before
    assert files_of(workbench_home) == []
