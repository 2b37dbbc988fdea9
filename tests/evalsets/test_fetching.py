"""Fetching, against a server on this machine that answers as the hub does; huggingface_hub is the witness that it does.

No test asks another machine: what is fetched from the real hub cannot be tested here.
"""

from __future__ import annotations

import builtins
import errno
import hashlib
import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

import huggingface_hub
import pytest
from failing_disk import check_every_fault, content, failing_disk
from huggingface_hub import constants

from workbench import services
from workbench.engines.pool import EnginePool
from workbench.errors import DiskError, UsageError, WorkbenchError
from workbench.evalsets import downloads, recipes
from workbench.evalsets.fetching import Fetched, FetchPlan, fetch_events, plan_fetch
from workbench.evalsets.layouts import LAYOUTS
from workbench.evalsets.load import find_set
from workbench.evalsets.recipes import HubSource, ReadAs, Recipe, UrlSource, find_recipe, list_recipes
from workbench.settings import Settings

from .layouts.conftest import record

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FLEURS = "data/yue_hant_hk"


@dataclass
class Hub:
    """A dataset on the hub."""

    files: dict[str, bytes]
    url: str = ""
    breaks_after: int | None = None
    asked: list[str] = field(default_factory=list)
    status: int = 200


class Handler(BaseHTTPRequestHandler):
    hub: ClassVar[Hub]
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append(f"{self.command} {path}{' ' + self.headers['Range'] if self.headers['Range'] else ''}")
        assert "authorization" not in {name.lower() for name in self.headers}
        if self.hub.status != 200:
            self.send(b"", self.hub.status, body=body)
        elif path.startswith("/api/datasets/google/fleurs/revision/"):
            siblings = [self.sibling(name, content) for name, content in self.hub.files.items()]
            answer = {"id": "google/fleurs", "sha": COMMIT, "siblings": siblings, "private": False, "gated": False}
            self.send(json.dumps(answer).encode(), body=body)
        elif path.startswith(f"/datasets/google/fleurs/resolve/{COMMIT}/") or path.startswith("/archive/"):
            name = path.partition(f"{COMMIT}/")[2] or path.removeprefix("/archive/")
            self.send_file(self.hub.files[name], body=body)
        else:
            self.send(b"", 404, body=body)

    @staticmethod
    def sibling(name: str, content: bytes) -> dict[str, Any]:
        found: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": "0" * 40}
        if name.endswith(".gz"):
            found["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
        return found

    def send_file(self, content: bytes, *, body: bool) -> None:
        start = int((self.headers["Range"] or "bytes=0-")[6:].partition("-")[0])
        extra = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": COMMIT}
        if start:
            extra["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self.send(content[start:], 206 if start else 200, body=body, extra=extra)

    def send(self, content: bytes, status: int = 200, *, body: bool, extra: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(extra or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            limit = self.hub.breaks_after if "resolve" in self.path or "archive" in self.path else None
            self.wfile.write(content if limit is None else content[:limit])
            self.close_connection = limit is not None

    def log_message(self, format: str, *args: Any) -> None:
        pass


def tarball(folder: Path, *, names: dict[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path in sorted(folder.rglob("*.wav")):
            archive.add(path, arcname=(names or {}).get(path.name, path.relative_to(folder).as_posix()))
    return buffer.getvalue()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """FLEURS yue, two recordings."""
    for name in ("11.wav", "12.wav"):
        record(tmp_path / "src" / "test" / name, seed=int(name[:2]))
    tsv = "".join(f"190{n}\t1{n}.wav\t粵語{n}。\t粵語{n}\t粵 語 |\t400\tMALE\n" for n in (1, 2)).encode()
    made = Hub(files={
        f"{FLEURS}/test.tsv": tsv, f"{FLEURS}/audio/test.tar.gz": tarball(tmp_path / "src"),
        f"{FLEURS}/audio/train.tar.gz": b"much", "README.md": b"words",
    })  # fmt: skip
    handler = type("OfThisTest", (Handler,), {"hub": made})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("HF_ENDPOINT", made.url)
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def fetched(plan: FetchPlan, settings: Settings) -> Fetched:
    *_, last = fetch_events(plan, settings)
    assert isinstance(last, Fetched)
    return last


def test_the_server_speaks_as_the_hub_does(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    api = huggingface_hub.HfApi(endpoint=hub.url, token=False)
    info = api.dataset_info("google/fleurs", revision="main", files_metadata=True)
    found = {one.rfilename: (one.size, one.lfs.sha256 if one.lfs else "") for one in info.siblings or ()}
    commit, planned = downloads.plan_hub(HubSource(repo="google/fleurs", revision="main", files=("*",)))
    assert commit == info.sha == COMMIT
    assert {one.path: (one.size, one.sha256) for one in planned} == found
    path = huggingface_hub.hf_hub_download(
        "google/fleurs", f"{FLEURS}/test.tsv", repo_type="dataset", revision=COMMIT, endpoint=hub.url,
        local_dir=tmp_path / "theirs", token=False,
    )  # fmt: skip
    ours = next(one for one in planned if one.path.endswith("test.tsv"))
    for _ in downloads.fetch_file(ours, tmp_path / "ours"):
        pass
    assert (tmp_path / "ours" / FLEURS / "test.tsv").read_bytes() == Path(path).read_bytes()


def test_a_set_of_the_hub_becomes_a_set_here(hub: Hub, settings: Settings) -> None:
    plan = plan_fetch(find_recipe("fleurs-yue"), settings)
    assert [file.path for file in plan.files] == [f"{FLEURS}/test.tsv", f"{FLEURS}/audio/test.tar.gz"]
    assert plan.size == sum(len(hub.files[file.path]) for file in plan.files)
    assert not any("resolve" in one for one in hub.asked), "asking downloads nothing"
    found = fetched(plan, settings)
    assert found.imported is not None
    eval_set = find_set("fleurs-yue", settings)
    assert {item.id: item.reference for item in eval_set.items} == {"11": "粵語1。", "12": "粵語2。"}
    assert (eval_set.language, eval_set.licence) == ("yue", "CC-BY-4.0")
    kept = json.loads((found.folder / "fetched.json").read_text())
    assert kept["commit"] == COMMIT
    assert kept["files"][1]["sha256"] == hashlib.sha256(hub.files[f"{FLEURS}/audio/test.tar.gz"]).hexdigest()
    assert COMMIT in (settings.sets / "fleurs-yue" / "set.toml").read_text()
    assert sorted(path.name for path in (settings.home / "corpora").iterdir()) == ["fleurs-yue"]


def test_what_is_there_is_not_downloaded_again(hub: Hub, settings: Settings) -> None:
    recipe = find_recipe("fleurs-yue")
    first = fetched(plan_fetch(recipe, settings), settings)
    asked = len(hub.asked)
    again = plan_fetch(recipe, settings)
    assert again.fetched
    second = fetched(again, settings)
    assert len(hub.asked) == asked
    assert second.imported is not None
    assert first.imported is not None
    assert second.imported.existing
    assert second.imported.digest == first.imported.digest


def test_a_broken_download_goes_on_where_it_stopped(hub: Hub, settings: Settings) -> None:
    plan = plan_fetch(find_recipe("fleurs-yue"), settings)
    hub.breaks_after = 200
    with pytest.raises(WorkbenchError, match=r"could not be fetched|broke off"):
        fetched(plan, settings)
    hub.breaks_after = None
    assert fetched(plan, settings).imported is not None
    assert any("bytes=200-" in one for one in hub.asked)


def test_another_file_than_promised_is_refused(hub: Hub, settings: Settings) -> None:
    plan = plan_fetch(find_recipe("fleurs-yue"), settings)
    name = f"{FLEURS}/audio/test.tar.gz"
    hub.files[name] = bytes(len(hub.files[name]))
    with pytest.raises(WorkbenchError, match="is not the file it should be"):
        fetched(plan, settings)
    assert not plan.folder.exists()


@pytest.fixture
def opens_as_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """`tarfile` keeps the `open` that there was when it was imported; a failing disk puts another in its place."""
    monkeypatch.setattr("tarfile.bltn_open", lambda *given: builtins.open(*given))  # noqa: PTH123, SIM115


def test_a_full_disk_is_said_wherever_it_comes_and_the_same_command_goes_on(
    hub: Hub, tmp_path: Path, opens_as_others: None
) -> None:
    before = tmp_path / "before"
    before.mkdir()
    recipe = find_recipe("fleurs-yue")
    recipe = replace(recipe, read=replace(recipe.read, layout=""))  # its import has a test of its own

    def fetch(home: Path) -> Any:
        settings = Settings(home=home)
        fetched(plan_fetch(recipe, settings), settings)
        return content(home / "corpora")

    faults = check_every_fault(before, fetch, tmp_path / "t", codes=(errno.ENOSPC,))
    told = [one.error for one in faults if one.error is not None]
    assert all(isinstance(error, DiskError) for error in told), told
    assert any("What is in test.tar.gz cannot be written: No space left" in error.message for error in told)
    assert any("test.tsv cannot be written: No space left" in error.message for error in told)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_what_is_downloaded_is_not_downloaded_again_where_it_could_not_be_unpacked(
    hub: Hub, settings: Settings, opens_as_others: None, code: int
) -> None:
    plan = plan_fetch(find_recipe("fleurs-yue"), settings)
    audio = plan.folder.with_name(".fleurs-yue.partial") / FLEURS / "audio" / "test"
    with failing_disk(audio, 3, code) as disk, pytest.raises(DiskError, match=r"What is in test.tar.gz"):
        fetched(plan, settings)
    assert disk.refused
    asked = len(hub.asked)
    assert fetched(plan, settings).imported is not None
    assert len(hub.asked) == asked
    assert not list((settings.home / "corpora").rglob("downloaded.json"))


@pytest.mark.parametrize(("status", "said"), [(401, "wants an account"), (404, "answered 404"), (500, "answered 500")])
def test_what_the_server_refuses_is_a_sentence(hub: Hub, settings: Settings, status: int, said: str) -> None:
    hub.status = status
    with pytest.raises(WorkbenchError, match=said) as caught:
        plan_fetch(find_recipe("fleurs-yue"), settings)
    assert caught.value.hint


def test_no_server_is_a_sentence(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(WorkbenchError, match="cannot be reached"):
        plan_fetch(find_recipe("fleurs-yue"), settings)
    monkeypatch.setenv("HF_ENDPOINT", "http://example.org")
    with pytest.raises(UsageError, match="no https address"):
        plan_fetch(find_recipe("fleurs-yue"), settings)


def test_archives_that_lead_out_are_refused(hub: Hub, settings: Settings, tmp_path: Path) -> None:
    name = f"{FLEURS}/audio/test.tar.gz"
    hub.files[name] = tarball(tmp_path / "src", names={"11.wav": "../../../../out.wav"})
    with pytest.raises(WorkbenchError, match="cannot be unpacked"):
        fetched(plan_fetch(find_recipe("fleurs-yue"), settings), settings)
    assert not list(tmp_path.rglob("out.wav"))
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("../out.wav", b"")
    with pytest.raises(WorkbenchError, match="leads out"):
        downloads.unpack(tmp_path / "x.zip")


def test_an_archive_of_archives_with_a_known_hash(hub: Hub, settings: Settings, tmp_path: Path) -> None:
    """AISHELL-1's archive holds one for each speaker."""
    root = tmp_path / "data_aishell"
    record(tmp_path / "in" / "test" / "S0764" / "BAC009S0764W0121.wav")
    (root / "wav").mkdir(parents=True)
    (root / "transcript").mkdir()
    (root / "wav" / "S0764.tar.gz").write_bytes(tarball(tmp_path / "in"))
    (root / "transcript" / "aishell_transcript_v0.8.txt").write_text("BAC009S0764W0121 甚至 出现\n")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.add(root, arcname="data_aishell")
    hub.files["data_aishell.tgz"] = buffer.getvalue()
    digest = hashlib.md5(buffer.getvalue()).hexdigest()
    source = UrlSource(url=f"{hub.url}/archive/data_aishell.tgz", md5=digest)
    recipe = replace(find_recipe("aishell-1"), urls=(source,))
    assert fetched(plan_fetch(recipe, settings), settings).imported is not None
    assert [item.reference for item in find_set("aishell-1", settings).items] == ["甚至出现"]
    wrong = replace(recipe, name="other", urls=(replace(source, md5="0" * 32),))
    with pytest.raises(WorkbenchError, match="is not the file it should be"):
        fetched(plan_fetch(wrong, settings), settings)


def test_noise_is_a_folder(hub: Hub, settings: Settings, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        archive.write(record(tmp_path / "n.wav"), "ESC-50-master/audio/n.wav")
    hub.files["master.zip"] = (tmp_path / "m.zip").read_bytes()
    recipe = replace(find_recipe("esc-50"), urls=(UrlSource(url=f"{hub.url}/archive/master.zip"),))
    found = fetched(plan_fetch(recipe, settings), settings)
    assert found.imported is None
    assert (found.folder / recipe.read.folder / "n.wav").is_file()


@pytest.mark.parametrize("name", [one.name for one in list_recipes() if not one.can_be_fetched])
def test_what_cannot_be_fetched_says_how_one_comes_by_it(name: str, settings: Settings) -> None:
    with pytest.raises(UsageError) as caught:
        plan_fetch(find_recipe(name), settings)
    assert find_recipe(name).homepage in caught.value.message
    assert f"--name {name}" in caught.value.hint


def test_recipes_are_whole() -> None:
    wanted = {"fleurs-yue", "fleurs-cmn", "fleurs-en", "common-voice-yue", "common-voice-zh-HK", "common-voice-zh-CN",
              "common-voice-zh-TW", "wsyue-short", "wsyue-long", "mdcc", "ascend", "seame", "talcs", "aishell-1",
              "aishell-2", "wenetspeech-net", "wenetspeech-meeting", "kespeech", "thchs-30", "librispeech-test-clean",
              "librispeech-test-other", "musan", "demand", "esc-50"}  # fmt: skip
    assert {one.name for one in list_recipes()} == wanted
    for one in list_recipes():
        assert one.citation, one.name
        assert one.verified, f"{one.name}: nothing in it was checked anywhere"
        assert one.homepage.startswith("https://"), one.name
        assert (one.hub is not None) == (one.obtain == "hub"), one.name
        assert bool(one.urls) == (one.obtain == "url"), one.name
        assert (one.kind == "noise") == (not one.read.layout), one.name
        assert one.read.layout in LAYOUTS or one.kind == "noise", one.name
        assert all(source.url.startswith("https://") for source in one.urls), one.name
        assert one.hub is None or one.hub.revision == "main", "no revision is claimed that was not checked"


def test_only_one_module_goes_out() -> None:
    package = Path(recipes.__file__).parents[1]
    users = {path.name for path in package.rglob("*.py") if "import httpx" in path.read_text(encoding="utf-8")}
    assert users == {"downloads.py"}


def test_the_service_takes_a_name(hub: Hub, settings: Settings) -> None:
    pool = EnginePool(settings)
    plan = services.plan_fetch("fleurs-yue", pool=pool)
    *_, last = services.fetch_set_events(plan, pool=pool)
    assert isinstance(last, Fetched)
    assert last.commit == COMMIT


def test_a_recipe_knows_its_import_command() -> None:
    recipe = Recipe(
        name="x", title="X", kind="speech", languages=("yue",), licence="", citation="c", homepage="https://x",
        obtain="page", read=ReadAs(layout="table", folder="a.txt", header=("audio", "text"), drop=("<n>",)),
    )  # fmt: skip
    expected = "workbench sets import table FOLDER/a.txt --header audio,text --drop '<n>' --name x"
    assert recipe.import_command == expected
