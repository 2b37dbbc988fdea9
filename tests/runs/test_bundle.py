"""A run sealed, checked on another machine, scored again to the same figures; and what is refused."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workbench.audio.clip import AudioClip
from workbench.errors import RunError, UsageError
from workbench.evalsets.model import EvalSet
from workbench.runs.bundle import MANIFEST, PARTS, WrittenBundle, measure_audio, write_bundle
from workbench.runs.bundle_file import open_bundle
from workbench.runs.records import ItemFailure, RunEvent
from workbench.runs.rescoring import sealing_rulers
from workbench.runs.store import RunStore, StoredRun
from workbench.runs.verification import import_bundle, verification_json, verify_bundle
from workbench.settings import Settings

Run = Callable[..., Iterator[RunEvent]]
RULERS = sealing_rulers("en")


def said(clip: AudioClip) -> str:
    """Right for even clips, wrong for odd ones."""
    number = round(clip.duration * 100) - 10
    return f"Tone {number}." if number % 2 == 0 else "some tones"


@pytest.fixture
def stored(run: Run, tones: EvalSet, store: RunStore, scripted: Any, tmp_path: Path) -> StoredRun:
    """Six clips over recordings under `tmp_path`, one of which cannot be read; the arguments name folders."""
    scripted.script = said
    (tmp_path / "t4.wav").write_text("these are words")
    passed = {"sets": [str(tmp_path / "alice" / "tones")], "engine": "scripted", "where": {}}
    list(run(tones, passed=passed, language="en"))
    return store.load_run(store.list_runs()[0].run_id)


@pytest.fixture
def sealed(stored: StoredRun, tmp_path: Path) -> Path:
    path = tmp_path / "run.zip"
    write_bundle(stored, path, rulers=RULERS, licence="CC0-1.0", note="for you")
    return path


def with_audio(stored: StoredRun, path: Path) -> WrittenBundle:
    return write_bundle(stored, path, rulers=RULERS, audio=True)


def test_the_same_run_gives_the_same_bytes(stored: StoredRun, sealed: Path, tmp_path: Path) -> None:
    again = write_bundle(stored, tmp_path / "again.zip", rulers=RULERS, licence="CC0-1.0", note="for you")
    assert again.path.read_bytes() == sealed.read_bytes()
    assert again.seal == hashlib.sha256(zipfile.ZipFile(sealed).read(MANIFEST)).hexdigest()
    assert write_bundle(stored, tmp_path / "b.zip", rulers=RULERS, note="for her").seal != again.seal


def test_nothing_of_the_machine_is_in_it(stored: StoredRun, sealed: Path, tmp_path: Path) -> None:
    failed = next(one for one in stored.outcomes if isinstance(one, ItemFailure))
    told = replace(failed, message=f"It stopped with OSError: {tmp_path}/t4.wav and /home/alice/b.wav.")
    outcomes = tuple(told if one is failed else one for one in stored.outcomes)
    spec = replace(stored.record.spec, engine="whisper:/home/alice/models/ft 1", model_id="/home/alice/models/ft 1")
    record = replace(stored.record, spec=spec, run_id="20260101-000000-tones-whisper-home-alice-models-1")
    path = tmp_path / "moved.zip"
    write_bundle(replace(stored, record=record, outcomes=outcomes), path, rulers=RULERS)
    for bundle in (path, sealed):
        content = bundle.read_bytes().decode("utf-8", "replace")
        for place in (str(tmp_path), str(Path.home()) + "/", "alice", os.uname().nodename):
            assert place not in content, place
    with open_bundle(path) as bundle:
        assert bundle.run.record.spec.engine == "whisper:ft 1"
        assert bundle.run.record.passed["sets"] == ["tones"]
        assert next(one for one in bundle.run.outcomes if one.id == told.id).message == (
            "It stopped with OSError: t4.wav and b.wav."
        )


def test_every_figure_comes_out_again(sealed: Path) -> None:
    found = verify_bundle(sealed)
    assert found.equal
    assert (found.items, found.recordings, found.licence, found.note) == (6, 0, "CC0-1.0", "for you")
    assert found.set_digest is None
    assert found.rescoring.compared > 5 * 3 * 4 * len(RULERS)  # counts of each clip, and the rates
    assert verify_bundle(sealed, seal=found.seal[:12]).equal
    with pytest.raises(RunError, match="not the bundle that was meant"):
        verify_bundle(sealed, seal="0" * 12)
    with pytest.raises(UsageError, match="too short"):
        verify_bundle(sealed, seal=found.seal[:4])


def test_recordings_are_those_of_the_set(stored: StoredRun, tmp_path: Path) -> None:
    size = measure_audio(stored)
    made = with_audio(stored, tmp_path / "a.zip")
    assert (size.files, made.audio) == (6, 6)
    assert size.bytes == sum(Path(one.audio).stat().st_size for one in stored.outcomes)
    assert verify_bundle(made.path).set_digest is True
    Path(stored.outcomes[0].audio).write_bytes(b"another")
    with pytest.raises(RunError, match="are not those it was made of"):
        with_audio(stored, tmp_path / "b.zip")
    Path(stored.outcomes[0].audio).unlink()
    with pytest.raises(RunError, match=r"not where they were: t0\.wav"):
        with_audio(stored, tmp_path / "b.zip")
    assert not (tmp_path / "b.zip").exists()


def test_it_comes_in_as_the_run_it_was_and_goes_out_the_same(stored: StoredRun, tmp_path: Path) -> None:
    made = with_audio(stored, tmp_path / "a.zip")
    there = RunStore(Settings(home=tmp_path / "elsewhere"))
    found = import_bundle(made.path, store=there)
    assert (found.existing, found.given, found.record.bundle) == (False, 5, made.seal)
    run = there.load_run(stored.record.run_id)
    assert [replace(one, audio="") for one in run.outcomes] == [replace(one, audio="") for one in stored.outcomes]
    assert [Path(one.audio).read_bytes() for one in run.outcomes] == [
        Path(one.audio).read_bytes() for one in stored.outcomes
    ]
    assert with_audio(run, tmp_path / "b.zip").seal == made.seal
    assert (tmp_path / "b.zip").read_bytes() == made.path.read_bytes()
    assert import_bundle(made.path, store=there).existing
    again = import_bundle(made.path, store=there, on_existing="again").record
    assert again.run_id == f"{stored.record.run_id}-2"
    assert there.find_existing(stored.record.spec) is None  # no benchmark takes its times for this machine's
    assert [path.name for path in there.folder.iterdir() if path.name.startswith(".")] == []


def test_the_run_it_was_made_of_is_found_again(stored: StoredRun, sealed: Path, store: RunStore) -> None:
    assert import_bundle(sealed, store=store).existing
    [first, *rest] = stored.outcomes
    other = replace(stored, outcomes=(replace(first, reference="something else"), *rest))
    write_bundle(other, sealed, rulers=RULERS)
    with pytest.raises(RunError, match="Another run has the id"):
        import_bundle(sealed, store=store)


def test_another_process_in_an_empty_home_says_the_same(sealed: Path, tmp_path: Path) -> None:
    environ = os.environ | {"WORKBENCH_HOME": str(tmp_path / "fresh"), "OMP_NUM_THREADS": "1"}
    words = ("runs", "verify", str(sealed), "--json", "runs", "import", str(sealed), "--json")
    program = "import sys; from workbench.cli import main; w = sys.argv[1:]; sys.exit(10 * main(w[:4]) + main(w[4:]))"
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, env=environ, check=False)
    text = done.stdout.decode()
    verified, end = json.JSONDecoder().raw_decode(text)
    imported = json.loads(text[end:])
    assert verified == json.loads(json.dumps(verification_json(verify_bundle(sealed))))
    assert (imported["scored"], imported["failed"]) == (5, 1)
    assert done.returncode == 1  # of the import, as for any run with a clip that failed


# What was changed -----------------------------------------------------------------------------------------------------


Parts = dict[str, bytes]


def rewritten(source: Path, change: Callable[[Parts], None], *, honest: bool = False) -> Path:
    """The bundle with parts changed; `honest` makes its manifest over, as whoever can write a zip can."""
    with zipfile.ZipFile(source) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    if honest:
        manifest = json.loads(parts.pop(MANIFEST))
        manifest["files"] = [
            {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in parts.items()
        ]
        parts[MANIFEST] = json.dumps(manifest).encode()
    path = source.with_name("changed.zip")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("name", [*PARTS, MANIFEST])
def test_a_part_that_is_changed_or_missing_is_named(name: str, sealed: Path) -> None:
    def flip(parts: Parts) -> None:
        parts[name] = parts[name][:-3] + bytes([parts[name][-3] ^ 1]) + parts[name][-2:]

    with pytest.raises(RunError, match=f"{MANIFEST} is" if name == MANIFEST else f"{name} is not what"):
        verify_bundle(rewritten(sealed, flip))
    with pytest.raises(RunError, match=f"no {MANIFEST}" if name == MANIFEST else f"{name} is missing"):
        verify_bundle(rewritten(sealed, lambda parts: parts.__delitem__(name)))


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "/etc/evil",
        "..\\evil",
        "C:evil",
        "audio/../../evil",
        "evil.txt",
        "audio/",
        "run.json/x",
        "RUN.JSON",
    ],
)
def test_a_part_that_no_bundle_has_is_refused_whatever_the_manifest_says(name: str, sealed: Path) -> None:
    for honest in (False, True):
        changed = rewritten(sealed, lambda parts: parts.__setitem__(name, b"x"), honest=honest)
        with pytest.raises(RunError, match="no bundle has a part named"):
            verify_bundle(changed)


def test_a_recording_that_nobody_named_is_refused(sealed: Path) -> None:
    changed = rewritten(sealed, lambda parts: parts.__setitem__("audio/00001.wav", b"x"))
    with pytest.raises(RunError, match=r"audio/00001.wav is in it, and its manifest"):
        verify_bundle(changed)
    changed = rewritten(sealed, lambda parts: parts.__setitem__("audio/00001.wav", b"x"), honest=True)
    with pytest.raises(RunError, match="rightly whether recordings"):
        verify_bundle(changed)


def test_figures_that_were_made_up_are_found(sealed: Path) -> None:
    def flatter(parts: Parts) -> None:
        scores = json.loads(parts["scores.json"])
        scores["rulers"][0]["metrics"]["wer"]["errors"] = 0
        scores["rulers"][0]["hash"] = "00000000"
        parts["scores.json"] = json.dumps(scores).encode()

    found = verify_bundle(rewritten(sealed, flatter, honest=True))
    assert not found.equal
    [difference] = found.rescoring.differences
    assert (difference.where, difference.then) == (f"{RULERS[0].id} metrics wer errors", 0)
    assert difference.now > 0
    assert "was 00000000 and is" in found.rescoring.changed[0]
    assert "1 of" in found.sentence


def test_texts_that_were_changed_do_not_give_the_figures(sealed: Path) -> None:
    def mend(parts: Parts) -> None:
        parts["items.jsonl"] = parts["items.jsonl"].replace(b"some tones", b"Tone 1")

    found = verify_bundle(rewritten(sealed, mend, honest=True))
    assert any("wer errors" in one.where for one in found.rescoring.differences)


def test_links_compressed_parts_and_doubles_are_refused(sealed: Path, tmp_path: Path) -> None:
    def entry(name: str, mode: int, compression: int, content: bytes) -> Path:
        path = tmp_path / "crafted.zip"
        path.write_bytes(sealed.read_bytes())
        made = zipfile.ZipInfo(name)
        made.external_attr, made.compress_type = mode << 16, compression
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(made, content)
        return path

    link = entry("audio/00001.wav", stat.S_IFLNK | 0o777, zipfile.ZIP_STORED, b"/etc/passwd")
    with pytest.raises(RunError, match="is a link"):
        verify_bundle(link)
    bomb = entry("audio/00001.wav", stat.S_IFREG, zipfile.ZIP_DEFLATED, bytes(50_000_000))
    assert bomb.stat().st_size < 200_000
    with pytest.raises(RunError, match="is compressed"):
        verify_bundle(bomb)
    with pytest.warns(UserWarning, match="Duplicate"):
        double = entry("run.json", stat.S_IFREG, zipfile.ZIP_STORED, b"{}")
    with pytest.raises(RunError, match="is in it twice"):
        verify_bundle(double)


def test_parts_that_lie_over_each_other_are_refused(sealed: Path) -> None:
    """Many entries that share their bytes would be larger than the file without any compression."""
    content = bytearray(sealed.read_bytes())
    with zipfile.ZipFile(sealed) as archive:
        size = archive.getinfo("scores.json").file_size
    central = content.rindex(b"PK\x01\x02")  # of the manifest, the last
    for place in (central + 20, central + 24):
        content[place : place + 4] = (len(content) + size).to_bytes(4, "little")
    sealed.write_bytes(content)
    with pytest.raises(RunError, match="larger than itself"):
        verify_bundle(sealed)


def test_what_is_no_bundle_is_told_in_a_sentence(sealed: Path, tmp_path: Path) -> None:
    (tmp_path / "words.zip").write_text("these are words")
    with pytest.raises(RunError, match="it is no zip file"):
        verify_bundle(tmp_path / "words.zip")
    (tmp_path / "half.zip").write_bytes(sealed.read_bytes()[:-100])
    with pytest.raises(RunError, match="it is no zip file"):
        verify_bundle(tmp_path / "half.zip")
    with pytest.raises(RunError, match="cannot be read"):
        verify_bundle(tmp_path / "nowhere.zip")
    newer = rewritten(sealed, lambda parts: parts.update({MANIFEST: b'{"version": 99}'}))
    with pytest.raises(RunError, match="newer version"):
        verify_bundle(newer)
    deep = rewritten(sealed, lambda parts: parts.update({MANIFEST: b"[" * 100_000}))
    with pytest.raises(RunError, match="is no JSON"):
        verify_bundle(deep)


def test_bytes_flipped_anywhere_never_pass_and_never_break_out(sealed: Path) -> None:
    content = sealed.read_bytes()
    expected = verification_json(verify_bundle(sealed))
    for place in range(0, len(content), 211):
        changed = bytearray(content)
        changed[place] ^= 0x41
        path = sealed.with_name("flipped.zip")
        path.write_bytes(changed)
        try:
            found = verification_json(verify_bundle(path))
        except RunError:
            continue
        assert found == expected  # a byte that says nothing, such as a date


def test_a_run_id_that_is_a_way_out_is_refused(stored: StoredRun, tmp_path: Path) -> None:
    path = tmp_path / "out.zip"
    write_bundle(replace(stored, record=replace(stored.record, run_id="../../out")), path, rulers=RULERS)
    with pytest.raises(RunError, match="an id that no run has"):
        import_bundle(path, store=RunStore(Settings(home=tmp_path / "elsewhere")))


def test_where_it_cannot_be_written_is_said(stored: StoredRun, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        write_bundle(stored, tmp_path / "nowhere" / "run.zip", rulers=RULERS)
