"""Recordings sent to this server: written once, as they come, to a private folder, and deleted after use."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import psutil
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import Request

from workbench.errors import UsageError
from workbench.settings import Settings

MAX_UPLOAD_BYTES = 2 * 1024**3
MAX_FIELDS_BYTES = 1024**2
"""All fields but the recording, together."""

_MULTIPART_HINT = "Send multipart/form-data with the recording in the field 'file'."
_PREFIX = "serve-"


@dataclass(slots=True)
class Form:
    """A form as it was sent: fields in order, and the recording, or recordings where several may be sent."""

    fields: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    files: list[Path] = field(default_factory=list[Path])

    @property
    def file(self) -> Path | None:
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
    request: Request, settings: Settings, *, max_bytes: int = MAX_UPLOAD_BYTES, several: bool = False
) -> AsyncGenerator[Form]:
    """The form of a request; its recording is on disk inside the block and is gone after it, however it ends.

    Args:
        request: What was sent.
        settings: Where temporary files go.
        max_bytes: The largest form.
        several: Whether the field `file` may come more than once.

    Raises:
        UsageError: Not a form, or a broken one.
        HTTPException: Larger than `max_bytes` (status 413).
    """
    with tempfile.TemporaryDirectory(prefix="upload-", dir=process_folder(settings)) as folder:
        yield await _receive(request, _FormWriter(Path(folder), several=several), max_bytes)


async def _receive(request: Request, writer: _FormWriter, max_bytes: int) -> Form:
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
    finally:
        writer.close()
    if not writer.ended:
        raise UsageError("The form ends too early.", hint="Send it again.")
    return writer.form


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
    """Takes what the parser finds: parts named `file` go to disk, others to memory."""

    def __init__(self, folder: Path, *, several: bool) -> None:
        self.form = Form()
        self.ended = False
        self._folder = folder
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
        if self._name == "file":
            if self.form.files and not self._several:
                raise UsageError("There are several files in the form.", hint="Send one recording at a time.")
            path = self._new_folder() / safe_name(options.get(b"filename", b""))
            self._file = path.open("xb")
            self.form.files.append(path)

    def _new_folder(self) -> Path:
        """One for each recording after the first: two may have the same name."""
        if not self.form.files:
            return self._folder
        folder = self._folder / str(len(self.form.files))
        folder.mkdir(mode=0o700)
        return folder

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
