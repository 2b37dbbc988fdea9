"""`kill -9` of a whole server while it transcribes: nothing of the recording stays, and what is stored is as it was."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import find_traces
import httpx
import pytest
from failing_disk import content
from serving_process import serving

from workbench import services
from workbench.engines.pool import EnginePool
from workbench.settings import Settings

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
PATIENCE_SECONDS = 120
SECONDS, CHUNK_SECONDS = 40.0, 2.0
"""Of the recording, and of a chunk, as `find_traces` has its engine cut it."""


@dataclass(frozen=True)
class Place:
    """A home with a run in it, a temporary folder, and a recording that holds sentinels."""

    home: Path
    system: Path
    log: Path
    recording: Path
    forms: dict[str, bytes]
    run_id: str

    @contextmanager
    def served(self, seconds: float) -> Generator[tuple[Any, str]]:
        """A server whose engine takes so long for a chunk."""
        own = {"WORKBENCH_HOME": str(self.home), "TMPDIR": str(self.system), "OMP_NUM_THREADS": "1"}
        started = find_traces.command("serve", "--port", "0", "--engine", "traces", "--json", seconds=seconds)
        with serving(started, own, self.log) as server:
            yield server

    def traces(self) -> list[str]:
        """Where a sentinel is; the text is expected in the journal of a transcription that can go on."""
        search, journals = find_traces.Search(), self.home / "transcripts"
        search.look("home", self.home, self.forms, since=0, skip=(journals, self.recording.parent))
        search.look("temporary folder", self.system, self.forms, since=0, skip=())
        search.look("log", self.log.parent, self.forms, since=0, skip=(self.home, self.system, self.recording.parent))
        unsaid = {name: form for name, form in self.forms.items() if not name.startswith("the text")}
        search.look("journals", journals, unsaid, since=0, skip=())
        return search.found

    def runs(self) -> dict[str, bytes]:
        return content(self.home / "runs", but=("lock",))


@pytest.fixture
def place(tmp_path: Path, demo_set: Path, scripted: Any) -> Place:
    given, system = tmp_path / "given", tmp_path / "system"
    given.mkdir()
    system.mkdir()
    recording, sound = find_traces.recording(given, f"{find_traces.NAME} long.wav", SECONDS)
    home = tmp_path / "kept"
    run = services.bench(str(demo_set), engine="scripted", pool=EnginePool(Settings(home=home)))
    forms = find_traces.sentinels(sound)
    log = tmp_path / "logs" / "log"
    log.parent.mkdir()
    return Place(home, system, log, recording, forms, run.run_id)


def until(holds: Callable[[], Any], process: Any) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := holds()):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def held_files(process: Any) -> list[Path]:
    """The files without a name that a process holds and that are as large as the recording."""
    found: list[Path] = []
    for path in Path(f"/proc/{process.pid}/fd").iterdir():
        try:
            if "held-" in str(path.readlink()) and path.stat().st_size > 1_000_000:
                found.append(path)
        except OSError:  # closed meanwhile
            continue
    return found


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks into /proc")


@needs_proc
@pytest.mark.slow
def test_nothing_is_left_of_an_upload_and_stored_runs_are_as_they_were(place: Place) -> None:
    before = place.runs()
    assert before
    with place.served(seconds=0.5) as (process, url):
        runs = httpx.get(f"{url}/v1/workbench/runs/{place.run_id}", timeout=30).json()

        def send() -> None:
            with pytest.raises(httpx.HTTPError):
                post(url, place.recording)

        sending = threading.Thread(target=send)
        sending.start()
        (held,) = until(lambda: held_files(process), process)
        assert place.forms["the sound"] in held.read_bytes(), "it is there, without a name"
        time.sleep(1.0)  # into the engine's first chunks
        process.kill()
        process.wait()
        sending.join(timeout=30)
        assert place.traces() == []
        assert content(place.home / "transcripts") == {} if (place.home / "transcripts").exists() else True
        assert place.runs() == before
    with place.served(seconds=0) as (_, url):
        assert [path for path in (place.home / "tmp").rglob("*") if path.is_file() and path.stat().st_size] == []
        assert httpx.get(f"{url}/v1/workbench/runs/{place.run_id}", timeout=30).json() == runs
        assert find_traces.TEXT in post(url, place.recording).json()["text"]
        assert place.runs() == before
    assert place.traces() == []


def post(url: str, recording: Path) -> httpx.Response:
    with recording.open("rb") as file:
        return httpx.post(
            f"{url}/v1/audio/transcriptions", data={"model": "traces"}, files={"file": file}, timeout=PATIENCE_SECONDS
        )


@needs_proc
@pytest.mark.long
@pytest.mark.browser
def test_the_same_recording_dropped_again_goes_on_where_the_page_was_killed(place: Place) -> None:
    if not Path(CHROMIUM).exists():
        pytest.skip("needs Chromium (Debian package chromium)")
    playwright = pytest.importorskip("playwright.sync_api")
    before = place.runs()
    with playwright.sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        with place.served(seconds=0.4) as (process, url):
            drop_and_run(browser, url, place.recording)
            until(lambda: len(journal(place)) > 4, process)
            process.kill()
            process.wait()
            kept = [line for line in journal(place) if line.endswith(b"\n")]
            assert 4 < len(kept) < SECONDS / CHUNK_SECONDS
            assert place.traces() == []
        with place.served(seconds=0.2) as (process, url):
            page = drop_and_run(browser, url, place.recording)
            seen: list[list[bytes]] = []
            while not page.locator(".wb-result [data-format=srt]").count():
                seen.append(journal(place))
                page.wait_for_timeout(50)
                assert process.poll() is None
            page.close()
            went_on = [lines for lines in seen if lines]
            assert went_on, "it was seen under way"
            assert all(lines[: len(kept)] == kept for lines in went_on), "no chunk was heard again"
            assert max(map(len, went_on)) > len(kept)
            assert journal(place) == [], "delivered, and so deleted"
            assert place.runs() == before
        browser.close()
    assert place.traces() == []


def journal(place: Place) -> list[bytes]:
    """The lines of the only journal there is, the head first; none where there is none."""
    try:
        (path,) = (place.home / "transcripts").glob("*/chunks.jsonl")
        lines = path.read_bytes().splitlines(keepends=True)
    except (ValueError, OSError):
        return []
    assert all("crc" in json.loads(line) for line in lines if line.endswith(b"\n"))
    return lines


def drop_and_run(browser: Any, url: str, recording: Path) -> Any:
    page = browser.new_page()
    page.set_default_timeout(PATIENCE_SECONDS * 1000)
    page.goto(url)
    find_traces._choose(page)  # pyright: ignore[reportPrivateUsage]
    page.locator("input[type=file]").first.set_input_files(recording)
    page.locator(".wb-player:visible").first.wait_for()
    page.locator(".wb-run:visible").click()
    return page
