"""Looks for traces of what was said: a whole journey with sentinels, then a search of every place that could keep them.

    python scripts/find_traces.py [--no-page] [--json]

A recording whose name, text, label and sound are known goes through the page (in a Chromium with a profile of its own),
the API and the command line: transcribed, edited, played, downloaded, refused, cancelled, broken off half-way. Then the
server's output, HOME but for what was saved, the system's temporary folder, caches, and the browser's profile are
searched for each sentinel in UTF-8, UTF-16, quoted for addresses and in Base64, and for the sound's own bytes. The
search is first shown to find what is planted for it. Ends with 0 only where nothing was found.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import numpy as np
import soundfile

_MARK = secrets.token_hex(4)
"""Of this run: no other file has ever held it, this script included."""
NAME, TEXT, LABEL, CONTEXT = f"Quitte-{_MARK}", f"Kranich {_MARK} Morgenrot", f"Bernstein{_MARK}", f"Distel{_MARK}"
_ENGINE = "traces"
_SPOKEN = Path(__file__).resolve().parents[1] / "eval_sets" / "english-demo" / "audio" / "e01.flac"
_BLOCK = 1 << 22
_PATIENCE = 60_000

# Runs in the server and in each command: an engine that says the sentinel, or fails where the name says so.
_STARTED = f'''
import sys, time
from workbench.engines.base import Hypothesis, Segment
from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.cli import main

def answer(clip):
    if "breaks" in clip.source:
        raise RuntimeError("{TEXT} of " + clip.source)
    said = Segment(start=0.0, end=clip.duration, text="{TEXT}")
    return Hypothesis(text="{TEXT}", raw="{TEXT}", language="en", finish="eos", segments=(said,))

with offered(ScriptedPlugin(script=answer, name="{_ENGINE}", delay_seconds=float(sys.argv[1]), chunk_seconds=2.0)):
    sys.exit(main(sys.argv[2:]))
'''


@dataclass(slots=True)
class Search:
    """Where was looked, and what was found."""

    places: dict[str, int] = field(default_factory=dict[str, int])
    found: list[str] = field(default_factory=list[str])

    def look(self, place: str, folder: Path, forms: dict[str, bytes], *, since: float, skip: tuple[Path, ...]) -> None:
        """Search every file that changed since, and every name; files come in overlapping blocks."""
        count = 0
        for path in _files(folder, skip):
            try:
                if path.stat().st_mtime < since:
                    continue
                count += 1
                hits = {name for name, form in forms.items() if form in os.fsencode(path)} | _inside(path, forms)
            except OSError:
                continue
            self.found += [f"{place}: {path} holds {name}" for name in sorted(hits)]
        self.places[place] = count


def _files(folder: Path, skip: tuple[Path, ...]) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if Path(parent, one) not in skip]
        for name in [*names, *folders]:
            path = Path(parent, name)
            if path not in skip and not path.is_symlink():
                yield path


def _inside(path: Path, forms: dict[str, bytes]) -> set[str]:
    hits: set[str] = set()
    if not path.is_file():
        return hits
    overlap = max(map(len, forms.values()))
    with path.open("rb") as file:
        before = b""
        while block := file.read(_BLOCK):
            whole = before + block
            hits |= {name for name, form in forms.items() if form in whole}
            before = whole[-overlap:]
    return hits


def sentinels(sound: bytes) -> dict[str, bytes]:
    """Every form of every sentinel; of text in Base64 the part that is the same wherever in a stream it stands."""
    forms = {"the sound": sound, "the sound in Base64": base64.b64encode(sound[: len(sound) // 3 * 3])[4:-4]}
    for what, words in (("the name", NAME), ("the text", TEXT), ("a label", LABEL), ("the context", CONTEXT)):
        plain = words.encode()
        forms |= {what: plain, f"{what} in UTF-16": words.encode("utf-16-le"), f"{what} quoted": quote(words).encode()}
        for shift in range(3):
            coded = base64.b64encode(b"\0" * shift + plain).rstrip(b"=")
            forms[f"{what} in Base64, {shift}"] = coded[(0, 2, 3)[shift] : -1]
    return forms


def recording(folder: Path, name: str, seconds: float = 8.0) -> tuple[Path, bytes]:
    """A wav of speech in a noise that no other file holds, and a piece of its bytes."""
    speech, rate = soundfile.read(_SPOKEN, dtype="float64")
    noise = np.random.default_rng(zlib.crc32(name.encode())).normal(0, 0.003, round(rate * seconds))
    sound = (np.clip(np.resize(speech, noise.size) + noise, -1, 1) * 32767).astype(np.int16)
    path = folder / name
    soundfile.write(path, sound, rate, subtype="PCM_16")
    return path, sound[8000:8064].tobytes()


def command(*words: str, seconds: float = 0.0) -> list[str]:
    return [sys.executable, "-c", _STARTED, str(seconds), *words]


class Journey:
    """Everything a person does, with the sentinels in it."""

    def __init__(self, work: Path, environment: dict[str, str]) -> None:
        self.work = work
        self.environment = environment
        self.files = work / "given"
        self.files.mkdir()
        self.good, self.sound = recording(self.files, f"{NAME} one.wav")
        self.long, _ = recording(self.files, f"{NAME} long.wav", 40.0)
        self.breaks, _ = recording(self.files, f"{NAME} breaks.wav")
        self.letter = self.files / f"{NAME} letter.wav"
        self.letter.write_text(TEXT * 20)
        self.log = work / "log"

    def run(self, *, with_page: bool) -> None:
        with self.log.open("ab") as log:
            server = subprocess.Popen(
                command("serve", "--port", "0", "--engine", _ENGINE, "--json", seconds=0.3),
                env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip
            try:
                url = self._url()
                self.api(url)
                if with_page:
                    self.page(url)
            finally:
                server.send_signal(signal.SIGINT)
                server.wait(timeout=30)
            self.commands()

    def _url(self) -> str:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            for line in self.log.read_text(encoding="utf-8").splitlines():
                if '"url"' in line:
                    return line.split('"')[3]
            time.sleep(0.2)
        raise SystemExit("The server did not start.")

    def api(self, url: str) -> None:
        """Transcribed, refused, failed, cancelled, and broken off while it is sent."""
        for path in (self.good, self.letter, self.breaks):
            body, kind = _form(path, model=_ENGINE, prompt=CONTEXT)
            request = urllib.request.Request(f"{url}/v1/audio/transcriptions", body, {"Content-Type": kind})
            try:
                urllib.request.urlopen(request, timeout=60).read()
            except urllib.error.HTTPError as error:
                error.read()
        for upto, end in ((0.5, 0.2), (1.0, 0.5)):
            body, kind = _form(self.long, model=_ENGINE, chunk_seconds="2")
            where = urlsplit(url)
            connection = http.client.HTTPConnection(str(where.hostname), where.port)
            connection.putrequest("POST", "/v1/audio/transcriptions")
            connection.putheader("Content-Type", kind)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders()
            connection.send(body[: round(len(body) * upto)])
            time.sleep(end)
            connection.close()

    def page(self, url: str) -> None:
        """Dropped, played, transcribed with a context, edited, downloaded, failed, stopped, left."""
        from playwright.sync_api import sync_playwright

        profile = self.work / "profile"
        with sync_playwright() as browsers, ExitStack() as stack:
            browser = browsers.chromium.launch_persistent_context(
                profile, executable_path=shutil.which("chromium"), accept_downloads=True,
                args=["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
            )  # fmt: skip
            stack.callback(browser.close)
            browser.set_default_timeout(_PATIENCE)
            page = browser.new_page()
            page.goto(url)
            _choose(page)
            page.locator("input[type=file]").first.set_input_files(self.good)
            page.locator(".wb-player:visible").first.wait_for()
            page.evaluate("document.querySelector('audio').play()")
            page.locator(".wb-run:visible").click()
            page.locator(".wb-result [data-format=srt]").wait_for()
            page.locator(".wb-segments [data-row] .wb-line", has_text=TEXT).first.dblclick()
            page.keyboard.press("End")
            page.keyboard.type(f" {LABEL}")
            page.keyboard.press("Control+Enter")
            page.locator(".wb-edited").wait_for()
            for form in ("srt", "transcript"):
                with page.expect_download() as told:
                    page.locator(f".wb-result [data-format={form}]").click()
                told.value.delete()
            for path in (self.breaks, self.letter, self.long):
                page.locator("input[type=file]").first.set_input_files(path)
                page.locator(".wb-queue", has_text=path.name).wait_for()
            page.locator(".wb-run:visible").click()
            page.wait_for_timeout(1500)
            if page.locator(".wb-cancel:visible").count():
                page.locator(".wb-cancel:visible").click()
            page.wait_for_timeout(500)
            page.close()

    def commands(self) -> None:
        """What a command prints is its answer, and no log; it is searched for on the disk."""
        for words in (["--context", CONTEXT, str(self.good)], [str(self.letter)], [str(self.breaks)]):
            done = command("transcribe", "--engine", _ENGINE, "--no-resume", *words)
            subprocess.run(done, env=self.environment, capture_output=True, timeout=120, check=False)
        stopped = subprocess.Popen(
            command("transcribe", "--engine", _ENGINE, "--no-resume", str(self.long), seconds=30),
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(6)
        stopped.send_signal(signal.SIGINT)
        stopped.wait(timeout=30)


def _choose(page: Any) -> None:
    page.locator(".wb-engine input:visible").first.click()
    page.get_by_role("option", name=_ENGINE, exact=True).first.click()


def _form(path: Path, **fields: str) -> tuple[bytes, str]:
    edge = "edge-of-a-part"
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in fields.items()
    ]
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n\r\n'
    body = "".join(parts).encode() + head.encode() + path.read_bytes() + f"\r\n--{edge}--\r\n".encode()
    return body, f"multipart/form-data; boundary={edge}"


def find_traces(*, with_page: bool = True) -> dict[str, Any]:
    """The journey and the search; everything it wrote is deleted."""
    began = time.time() - 1
    with tempfile.TemporaryDirectory(prefix="traces-") as made:
        work = Path(made)
        system = work / "tmp"
        system.mkdir()
        own = {"WORKBENCH_HOME": str(work / "home"), "TMPDIR": str(system), "XDG_CACHE_HOME": str(work / "cache")}
        own |= {"HF_HOME": str(work / "huggingface"), "OMP_NUM_THREADS": "1"}
        journey = Journey(work, os.environ | own)
        forms = sentinels(journey.sound)
        blind = _cannot_see(work / "planted", forms)
        journey.run(with_page=with_page)
        search = Search()
        for place, folder in (
            ("output of the server", work),
            ("HOME", work / "home"),
            ("temporary folder", system),
            ("caches", work / "cache"),
            ("Hugging Face's cache", work / "huggingface"),
            ("browser profile", work / "profile"),
        ):
            # What a stopped transcription had finished is kept for a week, and listed by `workbench saved`.
            others = (work / "home" / "transcripts",)
            others = others if folder != work else tuple(one for one in work.iterdir() if one != journey.log)
            search.look(place, folder, forms, since=0, skip=others)
        for place, folder in (("the machine's temporary folder", Path(tempfile.gettempdir())),
                              ("the user's caches", Path.home() / ".cache")):  # fmt: skip
            search.look(place, folder, forms, since=began, skip=(work,))
    return {"forms": len(forms), "blind": blind, "places": search.places, "found": search.found}


def _cannot_see(folder: Path, forms: dict[str, bytes]) -> list[str]:
    """Forms that the search does not find where they are."""
    folder.mkdir()
    missed: list[str] = []
    for name, form in forms.items():
        (folder / "file").write_bytes(b"x" * (_BLOCK - 5) + form + b"x")
        if name not in _inside(folder / "file", forms):
            missed.append(name)
    shutil.rmtree(folder)
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(description="Looks for traces of what was said.")
    parser.add_argument("--json", action="store_true", help="One JSON document on standard output.")
    parser.add_argument("--no-page", action="store_true", help="Without a browser: the API and the command line alone.")
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell switches it off in the background
    told = find_traces(with_page=not arguments.no_page)
    if arguments.json:
        print(json.dumps(told, indent=2))
    else:
        for place, count in told["places"].items():
            print(f"{place}: {count} files")
        print(*told["found"], sep="\n")
        print(f"{len(told['found'])} traces; {told['forms']} forms looked for, {len(told['blind'])} of them unseen.")
    return 1 if told["found"] or told["blind"] else 0


if __name__ == "__main__":
    sys.exit(main())
