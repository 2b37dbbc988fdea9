"""Files from the net: only `workbench sets fetch` comes here. Resumed where they broke off, and checked."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import tarfile
import zipfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from workbench.errors import DiskError, UsageError, WorkbenchError
from workbench.evalsets.recipes import HubSource, UrlSource
from workbench.storage import fault_of_the_disk, told

_HUB = "https://huggingface.co"
_TIMEOUT_SECONDS = 30.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_TRY_AGAIN = "Check the network, and run the command again: it goes on where it stopped."


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """A file that is to be fetched.

    Attributes:
        url: Where it is.
        path: Where it goes, relative to the folder.
        size: In bytes; None where the server does not say.
        sha256: Of its content; empty where not known.
        md5: The same.
    """

    url: str
    path: str
    size: int | None = None
    sha256: str = ""
    md5: str = ""


def plan_hub(source: HubSource) -> tuple[str, list[RemoteFile]]:
    """Ask the hub what there is; nothing is downloaded.

    The hub is `HF_ENDPOINT`, or huggingface.co. https://huggingface.co/docs/hub/api

    Returns:
        The commit that the revision is at, and the files.

    Raises:
        WorkbenchError: It cannot be reached, there is no such dataset, or it has none of the files.
    """
    hub = (os.environ.get("HF_ENDPOINT") or _HUB).rstrip("/")
    _check_address(hub)
    revision = quote(source.revision, safe="")
    found = _ask(f"{hub}/api/datasets/{source.repo}/revision/{revision}?blobs=true").json()
    commit = str(found["sha"])
    chosen = [
        one
        for one in found["siblings"]
        if any(fnmatch.fnmatchcase(one["rfilename"], pattern) for pattern in source.files)
    ]
    missing = [
        pattern for pattern in source.files if not any(fnmatch.fnmatchcase(one["rfilename"], pattern) for one in chosen)
    ]
    if missing:
        raise WorkbenchError(
            f"{source.repo} has no {', '.join(missing)} any more.", hint="See its page, and import it by hand."
        )
    remote = [
        RemoteFile(
            url=f"{hub}/datasets/{source.repo}/resolve/{commit}/{quote(one['rfilename'])}",
            path=one["rfilename"],
            size=one.get("size"),
            sha256=(one.get("lfs") or {}).get("sha256", ""),
        )
        for one in chosen
    ]
    return commit, remote


def plan_urls(sources: Sequence[UrlSource]) -> list[RemoteFile]:
    """Ask for the archives' sizes; nothing is downloaded.

    Raises:
        WorkbenchError: A server cannot be reached.
    """
    found: list[RemoteFile] = []
    for source in sources:
        _check_address(source.url)
        length = _ask(source.url, method="HEAD").headers.get("content-length", "")
        name = Path(urlsplit(source.url).path).name
        size = int(length) if length.isdecimal() else None
        found.append(RemoteFile(url=source.url, path=name, size=size, sha256=source.sha256, md5=source.md5))
    return found


def fetch_file(file: RemoteFile, folder: Path) -> Generator[int, None, str]:
    """Download a file, from where an earlier attempt stopped, and check it.

    Yields:
        Bytes that are there.

    Returns:
        Its sha256.

    Raises:
        WorkbenchError: The download broke off, or the file is not the one it should be.
        DiskError: The disk is full or faulty; what came stays for a next attempt.
    """
    target = folder / file.path
    part = target.with_name(f"{target.name}.part")
    with told(target.name):
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.is_file():
            yield from _download(file, part)
            _check(file, part)
            part.replace(target)
        yield target.stat().st_size
        return _digest(target, "sha256")


def unpack(archive: Path) -> bool:
    """Unpack an archive beside itself, and the archives in it (AISHELL has one for each speaker); then it is deleted.

    Paths that lead out of the folder, devices and the like are refused.

    Returns:
        Whether it was an archive.

    Raises:
        WorkbenchError: It is damaged, or has a path that leads out.
        DiskError: The disk is full or faulty; it is still there.
    """
    try:
        if archive.name.endswith((".tar.gz", ".tgz", ".tar")):
            with tarfile.open(archive) as opened:
                opened.extractall(archive.parent, filter="data")
                inner = [member.name for member in opened.getmembers() if member.name.endswith((".tar.gz", ".tgz"))]
        elif archive.suffix == ".zip":
            inner = _unzip(archive)
        else:
            return False
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, ValueError) as error:
        refused = fault_of_the_disk(error)
        if refused is not None:
            raise DiskError(f"What is in {archive.name}", refused) from error
        raise WorkbenchError(
            f"{archive.name} cannot be unpacked: {error}", hint="Delete it and fetch again."
        ) from error
    archive.unlink()
    for name in inner:
        unpack(archive.parent / name)
    return True


def _unzip(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            if not (archive.parent / name).resolve().is_relative_to(archive.parent.resolve()):
                raise ValueError(f"{name} leads out of the folder")
        opened.extractall(archive.parent)
    return []


def _download(file: RemoteFile, part: Path) -> Generator[int]:
    import httpx

    there = part.stat().st_size if part.is_file() else 0
    if file.size is not None and there == file.size:
        return
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={there}-"} if there else {})
    try:
        with (
            httpx.Client(follow_redirects=True, timeout=_TIMEOUT_SECONDS) as client,
            client.stream("GET", file.url, headers=headers) as answer,
        ):
            _check_answer(answer, file.url)
            if answer.status_code != 206:  # partial content
                there = 0  # the server began anew
            with part.open("ab" if there else "wb") as out:
                for block in answer.iter_bytes():
                    out.write(block)
                    there += len(block)
                    yield there
    except httpx.HTTPError as error:
        raise WorkbenchError(f"{file.path} could not be fetched: {error}", hint=_TRY_AGAIN) from error


def _check(file: RemoteFile, part: Path) -> None:
    size = part.stat().st_size
    if file.size is not None and size < file.size:
        raise WorkbenchError(f"{file.path} broke off at {size} of {file.size} bytes.", hint=_TRY_AGAIN)
    for name, expected in (("sha256", file.sha256), ("md5", file.md5)):
        if expected and (found := _digest(part, name)) != expected:
            part.unlink()
            raise WorkbenchError(
                f"{file.path} is not the file it should be ({name} {found[:12]}…, expected {expected[:12]}…).",
                hint="Fetch it again; if it comes back, its publisher changed it: import it by hand.",
            )


def _ask(url: str, *, method: str = "GET") -> Any:
    import httpx

    try:
        with httpx.Client(follow_redirects=True, timeout=_TIMEOUT_SECONDS) as client:
            answer = client.request(method, url)
    except httpx.HTTPError as error:
        raise WorkbenchError(f"{urlsplit(url).hostname} cannot be reached: {error}", hint=_TRY_AGAIN) from error
    _check_answer(answer, url)
    return answer


def _check_answer(answer: Any, url: str) -> None:
    if answer.status_code in (401, 403):
        raise WorkbenchError(
            f"{urlsplit(url).hostname} wants an account for {urlsplit(url).path}.",
            hint="Download it by hand, and use `workbench sets import`.",
        )
    if answer.status_code >= 400:
        raise WorkbenchError(
            f"{urlsplit(url).hostname} answered {answer.status_code} for {urlsplit(url).path}.",
            hint="It may have moved: see the recipe's page.",
        )


def _check_address(url: str) -> None:
    """Over an open line anybody could change what is fetched; a server on this machine has none.

    Raises:
        UsageError: It is neither https nor this machine.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise UsageError(f"{url} is no https address.", hint="Set HF_ENDPOINT to one that is, or unset it.")


def _digest(path: Path, name: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, name).hexdigest()
