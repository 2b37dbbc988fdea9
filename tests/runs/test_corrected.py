"""A run under corrections: right references, wrong labels left out, and every figure says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workbench.evalsets.corrections import Correction, Corrections
from workbench.evalsets.model import EvalSet
from workbench.runs.causes import find_causes
from workbench.runs.compare import compare_runs
from workbench.runs.corrected import apply_corrections
from workbench.runs.records import RunStarted
from workbench.runs.report import comparison_json, run_csv, run_json
from workbench.runs.store import RunStore, StoredRun
from workbench.runs.summary import summarise
from workbench.text.rulers import find_ruler

RULER = find_ruler("basic")


@pytest.fixture
def stored(run, tones: EvalSet, store: RunStore) -> StoredRun:
    """Six items "tone 0" … "tone 5", each heard as it is labelled."""
    started = next(event for event in list(run(tones)) if isinstance(event, RunStarted))
    done = store.load_run(started.run_id)
    return replace(done, outcomes=tuple(replace(one, text=one.reference) for one in done.outcomes))


def corrections(*entries: tuple[str, str, str | None]) -> Corrections:
    return Corrections(
        set="tones",
        entries=tuple(
            Correction(id=item, published=published, status="wrong" if text is None else "corrected", text=text)
            for item, published, text in entries
        ),
    )


def test_references_are_replaced_and_wrong_ones_left_out(stored: StoredRun) -> None:
    book = corrections(("t1", "tone 1", "tune 1"), ("t2", "tone 2", None))
    found = apply_corrections(stored, book)
    assert [one.reference for one in found.outcomes] == ["tone 0", "tune 1", "tone 3", "tone 4", "tone 5"]
    note = found.corrections
    assert note is not None
    assert (note.set, note.hash, note.changed, note.left_out, note.stale) == ("tones", book.hash, 1, 1, ())
    assert "1 reference replaced, 1 clip left out" in note.sentence
    assert found.missing == stored.missing
    assert stored.corrections is None


def test_a_changed_label_is_not_corrected_and_that_is_said(stored: StoredRun) -> None:
    book = corrections(("t1", "tone one", "tune 1"), ("t2", "tone two", None), ("t2", "tone 2", "tune 2"))
    found = apply_corrections(stored, book)
    assert [one.reference for one in found.outcomes][:3] == ["tone 0", "tone 1", "tune 2"]
    assert found.corrections is not None
    assert found.corrections.stale == ("t1",)
    assert "Not applied, since the label has changed: t1." in found.corrections.sentence


def test_figures_are_those_of_the_corrected_labels_and_say_so(stored: StoredRun) -> None:
    found = apply_corrections(stored, corrections(("t1", "tone 1", "tune 1"), ("t2", "tone 2", None)))
    published, summary = summarise(stored, ruler=RULER), summarise(found, ruler=RULER)
    assert (published.metrics["wer"].counts.errors, published.total, published.corrections) == (0, 6, None)
    assert (summary.metrics["wer"].counts.errors, summary.total, summary.scored) == (1, 5, 5)
    assert summary.corrections == found.corrections
    assert run_json(summary)["corrections"]["hash"] == found.corrections.hash
    assert run_json(published)["corrections"] is None
    rows = run_csv(summary).splitlines()
    place = rows[0].split(",").index("corrections")
    assert {row.split(",")[place] for row in rows[1:]} == {found.corrections.hash}
    assert find_causes(found, ruler=RULER).corrections == found.corrections


def test_a_comparison_says_what_was_done_to_either_run(stored: StoredRun) -> None:
    other = replace(stored, record=replace(stored.record, run_id="other"))
    book = corrections(("t1", "tone 1", "tune 1"))
    found = compare_runs(apply_corrections(stored, book), apply_corrections(other, book), ruler=RULER)
    assert [note.hash for note in found.corrections] == [book.hash]
    assert comparison_json(found)["corrections"][0]["changed"] == 1
    assert compare_runs(stored, other, ruler=RULER).corrections == ()
    half = compare_runs(apply_corrections(stored, book), other, ruler=RULER)
    assert half.dropped == {"reference_differs": 1}
