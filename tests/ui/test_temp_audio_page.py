"""A visitor's recording on the disk: never under a name, and held no longer than its page shows it.

`pytest -s` prints how long each took; only that it happens is asserted, since machines are busy.
"""

from __future__ import annotations

import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from workbench.audio.io import read_clip, write_clip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="descriptors are looked at by /proc"),
]

SAMPLES = Path(__file__).resolve().parents[2] / "eval_sets" / "english-demo" / "audio"
LONGEST_WAIT = 30.0
"""Seconds until a test gives up; what is asserted is that it ends, not when."""
_LARGEST = 1 << 26


def write_marked(path: Path) -> bytes:
    """A wav of speech in a noise that no other file holds; a piece of its bytes."""
    clip = read_clip(sorted(SAMPLES.glob("*.flac"))[-1])
    noise = np.random.default_rng(int.from_bytes(os.urandom(8))).normal(0, 0.01, 8 * 16_000)
    write_clip(clip.with_samples((np.resize(clip.samples, 8 * 16_000) * 0.5 + noise).astype(np.float32)), path)
    return path.read_bytes()[60_000:60_064]


def named(piece: bytes, roots: list[Path], *, since: float, besides: Path) -> list[str]:
    """Files with a name that hold the piece, of those that changed since."""
    found: list[str] = []
    for root in roots:
        for parent, folders, names in os.walk(root):
            folders[:] = [one for one in folders if Path(parent, one) != besides]
            for path in (Path(parent, name) for name in names):
                try:
                    about = path.lstat()
                    if stat.S_ISREG(about.st_mode) and about.st_mtime >= since and about.st_size < _LARGEST:
                        found += [str(path)] if piece in path.read_bytes() else []
                except OSError:  # gone meanwhile, or nobody's
                    continue
    return found


def servers() -> Iterator[int]:
    """This process, which serves the page, and its children that decode; the browser is none of them."""
    yield os.getpid()
    for child in psutil.Process().children(recursive=True):
        try:
            if child.name().startswith("python"):
                yield child.pid
        except psutil.Error:
            continue


def held(piece: bytes) -> int:
    """How many descriptors of the server lead to the recording's bytes."""
    count = 0
    for pid in servers():
        for link in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                if stat.S_ISREG(link.stat().st_mode) and link.stat().st_size < _LARGEST and piece in link.read_bytes():
                    count += 1
            except OSError:
                continue
    return count


def seconds_until(happened: Callable[[], bool]) -> float:
    began = time.monotonic()
    while not happened():
        assert time.monotonic() - began < LONGEST_WAIT
        time.sleep(0.02)
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("ending", "leaving"),
    [("result", "close"), ("error", "remove"), ("cancel", "remove"), ("cancel", "close")],
)
def test_a_recording_has_no_name_at_its_end_and_is_let_go_with_its_page(
    page_server: Any,
    open_page: Callable[..., Any],
    choose_engine: Callable[..., None],
    tmp_path: Path,
    ending: str,
    leaving: str,
) -> None:
    since = time.time() - 1
    given = tmp_path / ("broken.wav" if ending == "error" else "notes.wav")
    piece = write_marked(given)
    roots = [page_server.pool.settings.home, Path(tempfile.gettempdir())]
    assert named(piece, [tmp_path], since=since, besides=Path()) == [str(given)], "the search finds what is there"

    page = open_page()
    choose_engine(page, "scripted")
    page.locator(".wb-drop input[type=file]").set_input_files(str(given))
    page.wait_for_selector(".wb-player")
    page_server.scripted.delay_seconds = 1.5 if ending == "cancel" else 0.0
    try:
        page.get_by_role("button", name="Transcribe", exact=True).click()
        if ending == "cancel":
            page.get_by_text("Reading the recording…").wait_for()
            page.get_by_role("button", name="Cancel", exact=True).click()
            page.get_by_text("Stopped before").first.wait_for()
        else:
            page.wait_for_selector(".wb-editor" if ending == "result" else ".wb-error:has-text('lost its way')")
        # From here on its page shows the end.
        unnamed = seconds_until(lambda: not named(piece, roots, since=since, besides=tmp_path))
        assert held(piece) > 0, "it can be played as long as its page shows it; or the search finds nothing"
        if leaving == "remove":
            page.locator(".wb-queue-end").click()
        else:
            page.close()
        let_go = seconds_until(lambda: held(piece) == 0)
    finally:
        page_server.scripted.delay_seconds = 0.0
    assert not named(piece, roots, since=since, besides=tmp_path)
    print(f"{ending}, then {leaving}: no name after {unnamed:.2f} s, let go after {let_go:.2f} s")
