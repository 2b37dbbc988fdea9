"""Recordings sent to the server: on disk once, privately, and gone afterwards."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.requests import Request

from workbench.audio.held import find
from workbench.errors import UsageError
from workbench.http.uploads import Form, clear_leftovers, process_folder, received_form, safe_name
from workbench.settings import Settings


def request_of(body: bytes, content_type: str, *, chunk: int = 7) -> Request:
    """A request whose body comes in small pieces."""
    pieces = [body[first : first + chunk] for first in range(0, len(body), chunk)] or [b""]

    async def receive() -> dict:
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    headers = [(b"content-type", content_type.encode())]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, receive)


def form_request(*, chunk: int = 7, **parts: object) -> Request:
    files = {name: value for name, value in parts.items() if isinstance(value, tuple)}
    data = {name: value for name, value in parts.items() if not isinstance(value, tuple)}
    built = httpx.Request("POST", "http://localhost/", data=data, files=files)
    return request_of(built.read(), built.headers["content-type"], chunk=chunk)


def take(request: Request, settings: Settings, look=lambda form: form, **limits: int):
    async def run():
        async with received_form(request, settings, **limits) as form:
            return look(form)

    return anyio.run(run)


@pytest.mark.parametrize("chunk", [1, 7, 4096])
def test_fields_and_recording_arrive_whatever_the_pieces(settings: Settings, chunk: int) -> None:
    recording = bytes(range(256)) * 20
    request = form_request(file=("谈话.wav", recording), model="builtin", prompt="香港 API", chunk=chunk)
    seen = take(
        request, settings, lambda form: (form.get("model"), form.get("prompt"), form.file.name, form.file.read_bytes())
    )
    assert seen == ("builtin", "香港 API", "谈话.wav", recording)


def test_a_recording_has_no_name_on_the_disk_and_only_its_owner_may_look_into_the_folder(settings: Settings) -> None:
    def modes(form: Form) -> set[int]:
        assert form.file.read_bytes() == b"RIFF"
        assert list(process_folder(settings).iterdir()) == []
        return {stat.S_IMODE(folder.stat().st_mode) for folder in (process_folder(settings), settings.temporary)}

    assert take(form_request(file=("a.wav", b"RIFF")), settings, modes) == {0o700}


def test_the_recording_is_gone_after_use(settings: Settings) -> None:
    key = take(form_request(file=("a.wav", b"RIFF")), settings, lambda form: form.file.key)
    assert find(key) is None
    assert list(process_folder(settings).iterdir()) == []


def test_the_recording_is_gone_after_an_error(settings: Settings) -> None:
    with pytest.raises(ZeroDivisionError):
        take(form_request(file=("a.wav", b"RIFF")), settings, lambda form: 1 / 0)
    assert list(process_folder(settings).iterdir()) == []


def test_an_upload_that_breaks_off_leaves_nothing(settings: Settings) -> None:
    whole = httpx.Request("POST", "http://localhost/", files={"file": ("a.wav", b"x" * 500)})
    with pytest.raises(UsageError, match="ends too early"):
        take(request_of(whole.read()[:300], whole.headers["content-type"]), settings)
    assert list(process_folder(settings).iterdir()) == []


def test_an_upload_above_the_limit_is_refused_while_it_comes(settings: Settings) -> None:
    with pytest.raises(HTTPException) as refused:
        take(form_request(file=("a.wav", b"x" * 5000)), settings, max_bytes=1000)
    assert refused.value.status_code == 413
    assert list(process_folder(settings).iterdir()) == []


def test_a_declared_length_above_the_limit_is_refused_before_anything_is_read(settings: Settings) -> None:
    async def receive() -> dict:
        raise AssertionError("nothing should be read")

    headers = [(b"content-type", b"multipart/form-data; boundary=x"), (b"content-length", b"1001")]
    request = Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, receive)
    with pytest.raises(HTTPException):
        take(request, settings, max_bytes=1000)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{}", "application/json"),
        (b"", ""),
        (b"hello", "multipart/form-data"),
        (b"hello", "multipart/form-data; boundary=x"),
    ],
)
def test_what_is_no_form_is_said_in_a_sentence(settings: Settings, body: bytes, content_type: str) -> None:
    with pytest.raises(UsageError) as refused:
        take(request_of(body, content_type), settings)
    assert refused.value.http_status == 400
    assert refused.value.hint


def test_fields_cannot_fill_the_memory(settings: Settings) -> None:
    with pytest.raises(UsageError, match="too long"):
        take(form_request(file=("a.wav", b"RIFF"), prompt="x" * (1024**2 + 1), chunk=65536), settings)


def test_one_recording_at_a_time(settings: Settings) -> None:
    built = httpx.Request("POST", "http://localhost/", files=[("file", ("a.wav", b"1")), ("file", ("b.wav", b"2"))])
    with pytest.raises(UsageError, match="several files"):
        take(request_of(built.read(), built.headers["content-type"]), settings)


@given(st.binary(max_size=300))
def test_a_file_name_stays_in_its_folder(sent: bytes) -> None:
    name = safe_name(sent)
    assert name not in ("", ".", "..")
    assert Path("/private/folder", name).parent == Path("/private/folder")
    assert os.sep not in name
    assert "\0" not in name
    assert len(name.encode()) <= 120


def test_file_names_keep_what_a_person_knows_them_by() -> None:
    assert safe_name("../../etc/会议 纪要.m4a".encode()) == "会议 纪要.m4a"
    assert safe_name(rb"C:\talks\a.wav") == "a.wav"
    assert safe_name(b"") == "recording"


def test_what_a_killed_server_left_is_deleted(settings: Settings) -> None:
    own = process_folder(settings)
    dead = settings.temporary / "serve-999999999"
    dead.mkdir()
    (dead / "a.wav").write_bytes(b"RIFF")
    clear_leftovers(settings)
    assert own.exists()
    assert not dead.exists()
