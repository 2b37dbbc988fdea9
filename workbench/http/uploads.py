"""Recordings sent to this server: written once, as they come, to files without a name that end with their use."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import psutil
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import Request

from workbench.audio.held import HeldPath, new_file, release, writing
from workbench.errors import UsageError
from workbench.settings import Settings
from workbench.storage import told

MAX_UPLOAD_BYTES = 2 * 1024**3
MAX_FIELDS_BYTES = 1024**2
"""All fields but the recording, together."""

_MULTIPART_HINT = "Send multipart/form-data with the recording in the field 'file'."
_PREFIX = "serve-"


@dataclass(slots=True)
class Form:
    """A form as it was sent: fields in order, and the recording, or recordings where several may be sent."""

    fields: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    files: list[HeldPath] = field(default_factory=list[HeldPath])

    @property
    def file(self) -> HeldPath | None:
        """The first recording; None where none was sent."""
        return self.files[0] if self.files else None

    def get(self, name: str, default: str = "") -> str:
        """The last value of a field."""
        return next((value for key, value in reversed(self.fields) if key == name), default)

    def getlist(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]


def process_folder(settings: Settings) -> Path:
    """Where this process keeps recordings while it works on them; only this user can look into it."""
    folder = settings.temporary / f"{_PREFIX}{os.getpid()}"
    with told("The folder of uploads"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings.temporary.chmod(0o700)
        folder.chmod(0o700)
    return folder


def clear_leftovers(settings: Settings) -> None:
    """Delete what servers left behind that were killed."""
    for folder in settings.temporary.glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX)
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def received_form(
    request: Request,
    settings: Settings,
    *,
    max_bytes: int = MAX_UPLOAD_BYTES,
    field: str = "file",
    several: bool = False,
    form: Form | None = None,
) -> AsyncGenerator[Form]:
    """The form of a request; its recording has no name on the disk and is gone after the block, however it ends.

    Recordings that are to outlast the block are taken out of `files` in it.

    Args:
        request: What was sent.
        settings: Where temporary files go.
        max_bytes: The largest form.
        field: The name of the part that is a recording.
        several: Whether it may come more than once.
        form: Filled while the request comes in, for who wants to see how far it is.

    Raises:
        UsageError: Not a form, or a broken one.
        HTTPException: Larger than `max_bytes` (status 413), or than the disk has room (507).
    """
    form = form or Form()
    try:
        writer = _FormWriter(form, process_folder(settings), field, several=several)
        await _receive(request, writer, max_bytes)
        yield form
    finally:
        for held in form.files:
            release(held)
        form.files.clear()


async def _receive(request: Request, writer: _FormWriter, max_bytes: int) -> None:
    kind, parameters = parse_options_header(request.headers.get("content-type"))
    boundary = parameters.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise UsageError("This is not a form with a file.", hint=_MULTIPART_HINT)
    parser = MultipartParser(boundary, writer.callbacks())  # pyright: ignore[reportArgumentType]
    try:
        async for chunk in _limited(request, max_bytes):
            parser.write(chunk)
        parser.finalize()
    except FormParserError as error:
        raise UsageError("The form is broken.", hint=_MULTIPART_HINT) from error
    except OSError as error:
        raise HTTPException(507, f"The recording cannot be kept: {error.strerror}. Make room on the disk.") from error
    finally:
        with suppress(OSError):  # what could not be written was told above
            writer.close()
    if not writer.ended:
        raise UsageError("The form ends too early.", hint="Send it again.")


async def _limited(request: Request, max_bytes: int) -> AsyncIterator[bytes]:
    received = 0
    declared = request.headers.get("content-length", "")
    too_large = HTTPException(413, f"The upload is larger than {max_bytes / 1024**3:.3g} GiB. Split the recording.")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise too_large
    async for chunk in request.stream():
        received += len(chunk)
        if received > max_bytes:
            raise too_large
        yield chunk


class _FormWriter:
    """Takes what the parser finds: the parts that are recordings go to disk, others to memory."""

    def __init__(self, form: Form, folder: Path, field: str, *, several: bool) -> None:
        self.form = form
        self.ended = False
        self._folder = folder
        self._field = field
        self._several = several
        self._header = (bytearray(), bytearray())
        self._headers: dict[str, bytes] = {}
        self._name = ""
        self._text = bytearray()
        self._text_bytes = 0
        self._file: BinaryIO | None = None

    def callbacks(self) -> Mapping[str, object]:
        return {
            "on_part_begin": self._headers.clear,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._begin_part,
            "on_part_data": self._write,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _end_header(self) -> None:
        name, value = (bytes(part) for part in self._header)
        self._headers[name.decode("latin-1").lower()] = value
        self._header[0].clear()
        self._header[1].clear()

    def _begin_part(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition"))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if self._name == self._field:
            if self.form.files and not self._several:
                raise UsageError("There are several files in the form.", hint="Send one recording at a time.")
            held = new_file(self._folder, safe_name(options.get(b"filename", b"")))
            self._file = writing(held)
            self.form.files.append(held)

    def _write(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(data[start:end])
            return
        self._text_bytes += end - start
        if self._text_bytes > MAX_FIELDS_BYTES:
            raise UsageError("The fields of the form are too long.", hint="1 MiB is the most that fits.")
        self._text += data[start:end]

    def _end_part(self) -> None:
        if self._file is None:
            self.form.fields.append((self._name, self._text.decode("utf-8", "replace")))
        self._text.clear()
        self.close()

    def _end(self) -> None:
        self.ended = True


def safe_name(sent: bytes) -> str:
    """The last part of a file name as sent, printable, at most 120 characters, and never a way out of its folder."""
    last = sent.decode("utf-8", "replace").replace("\\", "/").rpartition("/")[2]
    kept = "".join(character for character in last if character.isprintable()).strip(" .")
    return kept.encode()[-120:].decode("utf-8", "ignore") or "recording"
