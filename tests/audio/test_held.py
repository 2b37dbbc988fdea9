"""Files without a name on the disk: readable for as long as somebody holds them, and no longer."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from workbench.audio import held as holding
from workbench.audio.clip import AudioClip
from workbench.audio.held import HeldPath, as_path, find, forget, hold, lend, linger, new_file, offer, writing
from workbench.audio.io import probe, read_clip, write_clip
from workbench.errors import AudioUnreadable

needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")


def open_files() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


@needs_proc
def test_a_file_that_is_held_has_no_name_and_is_read_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "会议 one.wav"
    clip = AudioClip(samples=np.linspace(-0.5, 0.5, 16_000, dtype=np.float32), sample_rate=16_000)
    write_clip(clip, path)
    held = hold(path)
    assert list(tmp_path.iterdir()) == []
    assert (held.name, held.stem, held.suffix) == ("会议 one.wav", "会议 one", ".wav")
    assert "one" not in os.fspath(held)
    assert as_path(held) is held
    assert probe(held).duration == pytest.approx(1.0)
    assert read_clip(held).source == "会议 one.wav"


@needs_proc
def test_an_error_names_the_recording_and_not_its_descriptor(tmp_path: Path) -> None:
    with pytest.raises(AudioUnreadable, match=r"letter\.wav"):
        probe(new_file(tmp_path, "letter.wav", b"Dear Sir or Madam," * 20))


@needs_proc
def test_a_file_ends_with_its_last_holder_and_takes_its_key_along(tmp_path: Path) -> None:
    before = open_files()
    held = new_file(tmp_path, "a.wav", b"sound")
    key, again = held.key, [held]
    assert find(key) is held
    del held
    assert find(key) is again[0], "somebody still holds it"
    assert find(key).read_bytes() == b"sound"
    again.clear()
    gc.collect()
    assert find(key) is None
    assert open_files() <= before


@needs_proc
def test_a_child_of_this_process_can_open_it(tmp_path: Path) -> None:
    held = new_file(tmp_path, "a.wav", b"sound")
    read = [sys.executable, "-c", "import sys; print(open(sys.argv[1]).read())", os.fspath(held)]
    assert subprocess.run(read, capture_output=True, text=True, check=True).stdout == "sound\n"


@needs_proc
def test_what_a_killed_process_held_is_gone_with_it(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom workbench.audio.held import new_file\n"
        "held = new_file(Path(sys.argv[1]), 'a.wav', b'sound')\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False).returncode < 0
    assert list(tmp_path.iterdir()) == []


def test_without_proc_a_file_keeps_a_name_that_says_nothing_until_it_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "_HAS_PROC", False)
    held = new_file(tmp_path, "secret.wav", b"sound")
    (kept,) = tmp_path.iterdir()
    assert "secret" not in kept.name
    assert held.name == "secret.wav"
    assert held.read_bytes() == b"sound"
    del held
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_a_file_lingers_for_who_comes_for_it_and_is_forgotten_when_told(tmp_path: Path) -> None:
    keys = [new_file(tmp_path, "a", b"x") for _ in range(2)]
    for held in keys:
        linger(held, 60)
    first, second = (held.key for held in keys)
    keys.clear()
    del held
    gc.collect()
    assert find(first) is not None
    forget(first)
    gc.collect()
    assert find(first) is None
    assert find(second) is not None
    linger(find(second), -1)
    holding._forget_old()
    gc.collect()
    assert find(second) is None


def test_what_is_lent_stays_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "clip.wav"
    path.write_bytes(b"sound")
    key = lend(path).key
    assert find(key) == path
    for _ in range(holding._MOST_OFFERED):
        offer(lend(path))
    gc.collect()
    assert find(key) is None, "others were shown since"
    assert path.exists()


LOW = """
import resource, sys
from pathlib import Path
from workbench.audio.held import MOST_HELD, HeldPath, most_held, new_file, offer
from workbench.errors import TooManyHeld
assert most_held() == MOST_HELD
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
assert most_held() == 50
folder, kept = Path(sys.argv[1]), []
for number in range(30):
    offer(new_file(folder, "report"))
try:
    while True:
        kept.append(new_file(folder, f"talk {len(kept)}.wav"))
except TooManyHeld as error:
    print(len(kept), error.http_status, error.sentence)
others = [open("/dev/null") for _ in range(30)]
kept.pop()
kept.append(new_file(folder, "again.wav", b"sound"))
assert kept[-1].read_bytes() == b"sound"
try:
    while True:
        others.append(open("/dev/null"))
except OSError:
    kept.clear()
    hog = [open("/dev/null") for _ in range(50)]
try:
    new_file(folder, "late.wav")
except TooManyHeld as error:
    print(error.message)
others.clear()
print(new_file(folder, "a.wav", b"well").read_text())
"""


@needs_proc
def test_so_many_and_no_more_are_held_and_what_was_only_offered_gives_way(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LOW, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "50 503 talk 50.wav cannot be kept: too many recordings are here. Try again when some are gone.",
        "late.wav cannot be kept: too many recordings are here.",
        "well",
    ]
    assert list(tmp_path.iterdir()) == []


def test_it_is_written_from_its_start(tmp_path: Path) -> None:
    held: HeldPath = new_file(tmp_path, "a.zip")
    with writing(held) as file:
        file.write(b"zip")
    assert held.read_bytes() == b"zip"
