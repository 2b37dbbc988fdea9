"""Another system's texts as a run: everything that reads runs reads it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from workbench.errors import ManifestError, UsageError
from workbench.evalsets.model import EvalSet
from workbench.runs.causes import find_causes
from workbench.runs.compare import compare_runs
from workbench.runs.hypotheses import TextFile, parse_texts
from workbench.runs.imported import ImportedRun, import_run
from workbench.runs.records import ItemFailure, ItemResult, RunEvent, RunStarted
from workbench.runs.report import run_csv, run_json
from workbench.runs.store import RunStore
from workbench.runs.summary import summarise
from workbench.text.rulers import find_ruler

RULER = find_ruler("basic")
Run = Callable[..., Iterator[RunEvent]]


def texts_of(texts: dict[str, str], name: str = "hyp.jsonl") -> TextFile:
    lines = [json.dumps({"id": key, "text": text}) for key, text in texts.items()]
    return parse_texts("\n".join(lines).encode(), name=name, format="jsonl")


ALL = {f"t{number}": f"tone {number}" for number in range(6)}


@pytest.fixture
def imported(tones: EvalSet, store: RunStore) -> Callable[..., ImportedRun]:
    def start(texts: TextFile | dict[str, str], system: str = "theirs", **arguments: Any) -> ImportedRun:
        given = texts if isinstance(texts, TextFile) else texts_of(texts)
        return import_run(tones, given, system=system, store=store, **arguments)

    return start


def test_a_file_becomes_a_finished_run_with_the_labels_of_the_set(
    imported: Callable[..., ImportedRun], store: RunStore, tones: EvalSet
) -> None:
    found = imported({**ALL, "t1": "tome"}, model="large", revision="3")
    stored = store.load_run(found.record.run_id)
    assert (stored.record.status, stored.missing, stored.record.finished is None) == ("success", 0, False)
    spec = stored.record.spec
    assert (spec.engine, spec.model_id, spec.revision) == ("imported:theirs", "large", "3")
    assert (spec.set_digest, spec.items) == (tones.digest(), 6)
    one = stored.outcomes[1]
    assert isinstance(one, ItemResult)
    assert (one.text, one.reference, one.tags["parity"]) == ("tome", "tone 1", "odd")
    assert (one.measurement, one.audio, one.finish) == (None, str(tones.items[1].audio), "unknown")
    assert (found.given, found.missing, found.skipped, found.existing) == (6, (), (), False)


def test_the_length_is_the_sets_and_the_times_are_the_files(tones: EvalSet, store: RunStore) -> None:
    labelled = replace(tones, items=tuple(replace(item, duration=0.5) for item in tones.items))
    lines = "".join(f"t{n} 1 0.10 0.05 tone\nt{n} 1 0.20 0.05 {n}\n" for n in range(6))
    given = parse_texts(lines.encode(), name="hyp.ctm", format="ctm")
    record = import_run(labelled, given, system="theirs", store=store).record
    one = store.load_run(record.run_id).outcomes[3]
    assert isinstance(one, ItemResult)
    assert (one.text, one.audio_seconds) == ("tone 3", 0.5)
    assert [(part.start, part.text) for part in one.segments] == [(0.1, "tone"), (0.2, "3")]


def test_everything_that_reads_runs_reads_it(
    imported: Callable[..., ImportedRun], run: Run, store: RunStore, tones: EvalSet
) -> None:
    theirs = store.load_run(imported({**ALL, "t1": "tome", "t2": ""}).record.run_id)
    scored = summarise(theirs, ruler=RULER)
    assert (scored.scored, scored.failed, scored.measurement) == (6, 0, None)
    assert scored.metrics["wer"].counts.errors == 4
    document = json.loads(json.dumps(run_json(scored)))
    assert document["measurement"] is None
    rows = list(csv.DictReader(io.StringIO(run_csv(scored))))
    assert [(row["text"], row["wall_seconds"]) for row in rows[:2]] == [("tone 0", ""), ("tome", "")]
    assert find_causes(theirs, ruler=RULER).waterfall.stages[-1].total("wer").errors == 4
    started = next(event for event in list(run(tones)) if isinstance(event, RunStarted))
    compared = compare_runs(store.load_run(started.run_id), theirs, ruler=RULER)
    assert compared.common == 6
    assert compared.cost["rtf"].b is None
    assert compared.metrics["wer"].verdict in ("better", "no difference shown")


def test_the_same_file_set_and_name_are_the_same_run(imported: Callable[..., ImportedRun], store: RunStore) -> None:
    first = imported(ALL).record.run_id
    again = imported(texts_of(ALL, name="renamed.jsonl"))
    assert (again.record.run_id, again.existing) == (first, True)
    others = [
        imported(ALL, system="others"),
        imported({**ALL, "t0": "other"}),
        imported(ALL, on_existing="again"),
        imported(ALL, revision="2"),
        imported({**ALL, "t0": "other"}, revision="2"),
    ]
    assert len({first, *(one.record.run_id for one in others)}) == 6
    assert not any(one.existing for one in others)
    assert len(store.list_runs()) == 6


def test_an_import_that_was_killed_is_written_anew(
    imported: Callable[..., ImportedRun], store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, calls = store.save_record, list[str]()

    def killed(record: Any) -> None:
        calls.append(record.status)
        if record.status == "success":
            raise KeyboardInterrupt
        save(record)

    monkeypatch.setattr(store, "save_record", killed)
    with pytest.raises(KeyboardInterrupt):
        imported(ALL)
    assert calls == ["started", "success"]
    monkeypatch.undo()
    (left,) = store.list_runs()
    found = imported(ALL)
    assert (found.record.run_id, found.record.status, found.existing) == (left.run_id, "success", False)
    assert len(store.load_run(left.run_id).outcomes) == 6


def test_missing_and_unknown_ids_are_refused_and_all_named(imported: Callable[..., ImportedRun]) -> None:
    texts = {key: text for key, text in ALL.items() if key not in ("t2", "t4")} | {"x1": "a", "x2": "b"}
    with pytest.raises(ManifestError) as caught:
        imported(texts)
    assert caught.value.faults == (
        "hyp.jsonl: no text for 't2'",
        "hyp.jsonl: no text for 't4'",
        "hyp.jsonl:5: no clip of tones has the id 'x1'",
        "hyp.jsonl:6: no clip of tones has the id 'x2'",
    )
    assert "'empty' or 'fail'" in caught.value.hint


def test_a_file_of_another_set_is_refused_whatever_is_asked(
    imported: Callable[..., ImportedRun], store: RunStore
) -> None:
    with pytest.raises(ManifestError, match="no text is of a clip of tones"):
        imported({"x": "a"}, missing="empty", unknown="skip")
    assert store.list_runs() == []


def test_missing_texts_are_empty_texts_if_asked(imported: Callable[..., ImportedRun], store: RunStore) -> None:
    found = imported({key: text for key, text in ALL.items() if key != "t2"}, missing="empty")
    assert (found.given, found.missing) == (5, ("t2",))
    stored = store.load_run(found.record.run_id)
    one = stored.outcomes[2]
    assert isinstance(one, ItemResult)
    assert (one.id, one.text) == ("t2", "")
    assert one.warnings == ("hyp.jsonl has no text for this clip: it counts as an empty one.",)
    counts = summarise(stored, ruler=RULER).metrics["wer"].counts
    assert (counts.deletions, counts.hits) == (2, 10)


def test_missing_texts_are_failures_if_asked(imported: Callable[..., ImportedRun], store: RunStore) -> None:
    found = imported({key: text for key, text in ALL.items() if key != "t2"}, missing="fail")
    stored = store.load_run(found.record.run_id)
    assert isinstance(stored.outcomes[2], ItemFailure)
    scored = summarise(stored, ruler=RULER)
    assert (scored.scored, scored.failed, scored.total) == (5, 1, 6)
    assert scored.failures[0].message == "hyp.jsonl has no text for this clip."


def test_unknown_texts_are_skipped_and_named_if_asked(imported: Callable[..., ImportedRun], store: RunStore) -> None:
    found = imported({**ALL, "x": "a"}, unknown="skip")
    assert found.skipped == ("x",)
    assert len(store.load_run(found.record.run_id).outcomes) == 6


def test_texts_find_their_clips_by_the_recordings_path(imported: Callable[..., ImportedRun], store: RunStore) -> None:
    rows = [{"audio_filepath": f"/cluster/elsewhere/t{n}.wav", "text": "x", "pred_text": f"tone {n}"} for n in range(6)]
    given = parse_texts("\n".join(map(json.dumps, rows)).encode(), name="nemo.json", format="nemo")
    stored = store.load_run(imported(given).record.run_id)
    assert summarise(stored, ruler=RULER).metrics["wer"].rate == 0.0


@pytest.mark.parametrize("system", ["", "  ", "a\x1bb"])
def test_a_system_has_a_name_that_can_be_shown(imported: Callable[..., ImportedRun], system: str) -> None:
    with pytest.raises(UsageError, match="no name for a system"):
        imported(ALL, system=system)
