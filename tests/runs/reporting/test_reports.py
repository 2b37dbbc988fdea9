"""Reports say what was measured, and say it as it is on file."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from workbench import __version__
from workbench.runs.causes import find_causes
from workbench.runs.compare import Comparison, compare_runs
from workbench.runs.ranking import rank_runs
from workbench.runs.records import ItemResult
from workbench.runs.report import run_json
from workbench.runs.reporting.comparison_report import report_comparison
from workbench.runs.reporting.document import Block, Command, Document, Facts, Figures, Table, Warnings
from workbench.runs.reporting.html import write_html
from workbench.runs.reporting.markdown import write_markdown
from workbench.runs.reporting.origin import bench_command
from workbench.runs.reporting.plain import MOST_UNITS
from workbench.runs.reporting.ranking_report import report_ranking
from workbench.runs.reporting.run_report import report_run
from workbench.runs.reporting.sheets import comparison_csv, ranking_csv
from workbench.runs.store import StoredRun
from workbench.runs.summary import summarise
from workbench.text.rulers import find_ruler

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
RULER = find_ruler("zh")
MakeRun = Callable[..., StoredRun]


def report_of(run: StoredRun) -> Document:
    summary = replace(summarise(run, ruler=RULER), warnings=("W",))  # others' sentences are others' business
    return report_run(run, summary, find_causes(run, ruler=RULER), ruler=RULER)


def compared(run: StoredRun, other: StoredRun) -> Comparison:
    return replace(compare_runs(run, other, ruler=RULER), warnings=("W",))


def better(run: StoredRun) -> StoredRun:
    """The same run by a system that hears the first clip rightly, and the last one."""
    changed = [
        replace(one, text=one.reference) if isinstance(one, ItemResult) and one.id in ("one", "five") else one
        for one in run.outcomes
    ]
    record = replace(run.record, run_id="20260102-040506-demo-other-fedcba")
    return replace(run, outcomes=tuple(changed), record=replace(record, spec=replace(record.spec, engine="other")))


def blocks(document: Document, kind: type[Block]) -> Iterator[Block]:
    for section in document.sections:
        yield from (block for block in section.blocks if isinstance(block, kind))


def normalised(text: str) -> str:
    """Without what differs between versions and not between runs: our version, hashes of tables, the style sheet."""
    text = re.sub(r"<style>.*?</style>", "<style></style>", text, flags=re.DOTALL)
    return text.replace(__version__, "VERSION").replace(RULER.hash, "HASH")


@pytest.mark.parametrize("name", ["run.html", "run.md", "comparison.md", "ranking.md"])
def test_a_report_is_what_it_was(name: str, make_run: MakeRun) -> None:
    """`UPDATE_GOLDEN=1 pytest tests/runs/reporting` writes the files anew; read the difference before you keep it."""
    run = make_run()
    other, kind, suffix = better(run), *name.split(".")
    document = {
        "run": lambda: report_of(run),
        "comparison": lambda: report_comparison(run, other, compared(run, other), ruler=RULER),
        "ranking": lambda: report_ranking([run, other], replace(rank_runs([run, other], ruler=RULER), warnings=("W",))),
    }[kind]()
    made = normalised(write_html(document) if suffix == "html" else write_markdown(document))
    path = GOLDEN / f"report-{name}"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(made, encoding="utf-8")
    assert made == path.read_text(encoding="utf-8")


def test_its_figures_are_those_of_the_run(make_run: MakeRun) -> None:
    run = make_run()
    document, said = report_of(run), run_json(summarise(run, ruler=RULER))
    (figures,) = blocks(document, Figures)
    metric = said["metrics"]["mer"]
    assert isinstance(figures, Figures)
    leading = figures.figures[0]
    assert (leading.name, leading.leads, leading.value) == ("MER", True, f"{100 * metric['rate']:.1f} %")
    assert leading.note == f"{100 * metric['ci95'][0]:.1f} – {100 * metric['ci95'][1]:.1f} %"
    text = write_markdown(document)
    assert f"{metric['errors']} errors in {metric['reference_length']} Han characters" in text
    assert "5 of 6 clips were scored, 1 failed." in text
    assert f"zh@1 ({RULER.hash})" in text


def test_it_tells_what_casts_doubt(make_run: MakeRun) -> None:
    run = make_run()
    broken = replace(
        run,
        record=replace(run.record, status="cancelled", spec=replace(run.record.spec, items=9)),
        outcomes=(replace(run.outcomes[0], reference="…", finish="length", warnings=("odd",)), *run.outcomes[1:]),  # type: ignore[arg-type]
    )
    (warnings,) = blocks(report_of(broken), Warnings)
    told = " ".join(warnings.texts)  # type: ignore[union-attr]
    for sign in ("is cancelled", "3 clips of 9", "no figure: 1 clip,", "the ruler: 1 clip;", "out of tokens", "warned"):
        assert sign in told


def test_a_run_without_anything_scored_is_a_report_too(make_run: MakeRun) -> None:
    run = make_run()
    nothing = replace(run, outcomes=tuple(one for one in run.outcomes if not isinstance(one, ItemResult)))
    for text in (write_html(report_of(nothing)), write_markdown(report_of(nothing))):
        assert "no error rate" in text
        assert "NaN" not in text
        assert "None" not in text


def test_a_system_that_was_not_measured_has_no_cost(make_run: MakeRun) -> None:
    run = make_run(passed={"system": "theirs"}, engine="imported:theirs", device="", dtype="")
    given = [replace(one, measurement=None) if isinstance(one, ItemResult) else one for one in run.outcomes]
    document = report_of(replace(run, outcomes=tuple(given), record=replace(run.record, wall_seconds=None)))
    assert "No cost was measured" in write_markdown(document)
    assert list(blocks(document, Command)) == []


def test_the_command_makes_the_same_run(make_run: MakeRun) -> None:
    passed = {
        "sets": ["a set", "-b"], "engine": "builtin", "chain": "", "language": "set", "context": "it's",
        "options": {"beam_size": 5, "vad": False}, "limit": 12, "where": {"noise": "hum"}, "batch_size": 1, "seed": 0,
    }  # fmt: skip
    assert bench_command(make_run(passed=passed).record) == (
        "workbench bench 'a set' ./-b --engine builtin --context 'it'\"'\"'s' --option beam_size=5 --option vad=false "
        "--limit 12 --where noise=hum"
    )


def test_a_comparison_leads_with_its_verdict_and_shows_what_changed(make_run: MakeRun) -> None:
    run = make_run()
    other = better(run)
    found = compare_runs(run, other, ruler=RULER)
    text = write_markdown(report_comparison(run, other, found, ruler=RULER))
    assert f"MER: {found.metrics['mer'].sentence}." in text
    assert "2 of 2 clips whose number of errors differs" in text
    assert "| Engine | scripted | other |" in text
    assert "| Device |" not in text


def test_a_comparison_as_a_table_reads_back(make_run: MakeRun) -> None:
    run = make_run()
    found = compare_runs(run, better(run), ruler=RULER)
    rows = list(csv.DictReader(io.StringIO(comparison_csv(found), newline="")))
    assert [row["id"] for row in rows] == ["one", "two", "three", "four", "five"]
    assert rows[0]["text_b"] == rows[0]["reference"] == "我们用 API 打开文件。"
    assert (rows[0]["mer_errors_a"], rows[0]["mer_errors_b"], rows[0]["mer_errors_b_minus_a"]) == ("2", "0", "-2")
    assert {row["tag_room"] for row in rows} == {"hall", "office"}
    assert {row["ruler_hash"] for row in rows} == {RULER.hash}


def test_a_leaderboard_as_a_table_has_a_row_for_each_run(make_run: MakeRun) -> None:
    run = make_run()
    ranked = rank_runs([run, better(run)], ruler=RULER)
    rows = list(csv.DictReader(io.StringIO(ranking_csv(ranked), newline="")))
    assert [row["engine"] for row in rows] == ["other", "scripted"]
    assert [row["mer_errors"] for row in rows] == [str(one.metrics["mer"].counts.errors) for one in ranked.rows]
    assert [row["mer_against_baseline_verdict"] for row in rows] == ["no difference shown", ""]


def test_a_long_text_is_cut_and_says_so(make_run: MakeRun) -> None:
    run = make_run()
    long = replace(run.outcomes[0], reference="一" * 600, text="二" * 600)  # type: ignore[arg-type]
    html = write_html(report_of(replace(run, outcomes=(long,))))
    assert html.count('<span class="u sub">') == MOST_UNITS + 1  # one in the legend
    assert '<span class="u"><i>…</i><i>…</i></span>' in html


def test_recordings_and_their_places_are_not_in_it(make_run: MakeRun) -> None:
    run = make_run()
    placed = tuple(replace(one, audio="/home/somebody/secret.wav") for one in run.outcomes)
    for text in (write_html(report_of(replace(run, outcomes=placed))), write_markdown(report_of(run))):
        assert "somebody" not in text
        assert "The recordings are not in this file" in text


def test_tables_have_as_many_cells_as_columns(make_run: MakeRun) -> None:
    run = make_run()
    documents = [
        report_of(run),
        report_comparison(run, better(run), compare_runs(run, better(run), ruler=RULER), ruler=RULER),
        report_ranking([run, better(run)], rank_runs([run, better(run)], ruler=RULER)),
    ]
    for document in documents:
        for table in blocks(document, Table):
            assert {len(row) for row in table.rows} <= {len(table.columns)}, table  # type: ignore[union-attr]
        assert all(value for block in blocks(document, Facts) for row in block.rows for value in row)  # type: ignore[union-attr]
