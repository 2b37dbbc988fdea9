"""Hundreds of bad files: each is refused in a sentence, or opened with what is missing said."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path

import pytest
from bad_audio import FINE, FLAGGED, BadFile, bad_files

from workbench.audio.io import probe, read_clip
from workbench.errors import AudioError

LONGEST = {"hours of silence": 2 * 3600.0}
"""The most seconds to take, by kind: ten hours in memory are more than this test needs."""
DEADLINE_SECONDS = 20.0


@pytest.fixture(scope="module")
def files() -> list[BadFile]:
    return bad_files()


def answer(path: Path, max_seconds: float | None = None) -> tuple[str, str]:
    """What became of a file, and what was said."""
    try:
        clip = read_clip(path, max_seconds=max_seconds)
    except AudioError as error:
        refusal = error
    else:
        return (FLAGGED if clip.warnings else FINE), " ".join(clip.warnings)
    assert refusal.message.endswith(".")
    assert refusal.hint.endswith(".")
    assert refusal.kind
    return refusal.kind, refusal.sentence


def test_there_are_hundreds_of_many_kinds(files: list[BadFile]) -> None:
    assert len(files) >= 200
    assert len({file.kind for file in files}) >= 60
    assert max(Counter(file.name for file in files).values()) == 1


@pytest.mark.slow
def test_every_bad_file_has_the_answer_that_belongs_to_it(files: list[BadFile], tmp_path: Path) -> None:
    pid = os.getpid()
    wrong: list[str] = []
    slowest = (0.0, "")
    for number, file in enumerate(files):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = file.make(folder)
        started = time.monotonic()
        outcome, said = answer(path, LONGEST.get(file.kind))
        slowest = max(slowest, (time.monotonic() - started, file.name))
        if not file.allows(outcome):
            wrong.append(f"{file.kind}: {file.name!r} is {outcome}, not {file.expected} ({said})")
        if outcome != FINE and len(path.name) < 200 and path.name.isprintable():
            assert path.name.strip() in said
    assert wrong == []
    assert slowest[0] < DEADLINE_SECONDS, slowest
    assert os.getpid() == pid


def test_the_private_file_beside_a_playlist_is_not_read(files: list[BadFile], tmp_path: Path) -> None:
    playlists = [file for file in files if file.kind.startswith("playlist")]
    assert len(playlists) > 20
    for file in playlists:
        path = file.make(tmp_path)
        other = tmp_path / "private-recording.wav"
        os.utime(other, (1, other.stat().st_mtime))  # so long ago that any reading would renew it
        assert file.allows(answer(path)[0])
        assert other.stat().st_atime == 1


def test_what_cannot_be_opened_cannot_be_probed_either(files: list[BadFile], tmp_path: Path) -> None:
    # Chosen by what is seen without decoding.
    kinds = ("empty", "folder", "pipe", "device", "link to itself", "not there", "text: html", "playlist: ffconcat")
    chosen = [file for file in files if file.kind in kinds]
    assert len(chosen) >= len(kinds)
    for number, file in enumerate(chosen):
        (tmp_path / str(number)).mkdir()
        path = file.make(tmp_path / str(number))
        with pytest.raises(AudioError) as caught:
            probe(path)
        assert file.allows(str(caught.value.kind))
        assert caught.value.sentence == answer(path)[1]
