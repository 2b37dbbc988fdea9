"""The documents that every door hands out."""

from __future__ import annotations

import csv
import io

from workbench.pipeline.measurement import Measurement
from workbench.runs.records import ItemFailure, ItemResult
from workbench.runs.report import measurement_json, run_csv, run_json
from workbench.runs.summary import ItemRow, RunSummary
from workbench.scoring.score import score
from workbench.text.rulers import find_ruler

COST = Measurement(wall_seconds=0.5, cpu_seconds=0.4, audio_seconds=2.0)


def scored_run(reference: str, text: str) -> RunSummary:
    found = score([("a,1", reference, text)], find_ruler("zh"))
    result = ItemResult(
        id="a,1", reference=reference, text=text, raw=text, language="zh", finish="eos", measurement=COST,
        tags={"snr_db": 5, "noise": "hum"},
    )  # fmt: skip
    failure = ItemFailure(
        id="b", reference="", error="AudioUnreadable", message="It is not audio.", tags={"noise": "babble"}
    )
    return RunSummary(
        run_id="r", status="success", error="", eval_set="demo", total=3, scored=1, failed=1,
        ruler=found.ruler, ruler_hash=found.ruler_hash, metrics=found.metrics, headline="mer", measurement=COST,
        empty_references=(), by_tag=(), rows=(ItemRow(result=result, counts=found.items[0].counts),),
        failures=(failure,),
    )  # fmt: skip


def test_a_table_reads_back_as_it_was_written() -> None:
    reference, text = '他说："打开 API"\n，好', "他说打开 APIs 好"
    rows = list(csv.DictReader(io.StringIO(run_csv(scored_run(reference, text)), newline="")))
    assert [row["id"] for row in rows] == ["a,1", "b"]
    assert (rows[0]["reference"], rows[0]["text"]) == (reference, text)
    assert (rows[0]["mer_errors"], rows[0]["mer_substitutions"], rows[0]["mer_reference_length"]) == ("1", "1", "6")
    assert (rows[0]["wall_seconds"], rows[0]["rtf"], rows[0]["gpu_seconds"]) == ("0.5", "0.25", "")
    assert [row["tag_noise"] for row in rows] == ["hum", "babble"]
    assert [row["tag_snr_db"] for row in rows] == ["5", ""]
    assert rows[1]["error"] == "It is not audio."
    assert rows[1]["mer_rate"] == ""
    assert {row["ruler"] for row in rows} == {"zh@1"}


def test_a_run_says_how_many_were_scored_and_which_failed() -> None:
    document = run_json(scored_run("好", "好"))
    assert (document["total"], document["scored"], document["failed"]) == (3, 1, 1)
    assert document["failures"] == [{"id": "b", "error": "AudioUnreadable", "message": "It is not audio."}]
    assert document["measurement"]["rtf"] == 0.25
    assert document["measurement"]["gpu_seconds"] is None


def test_nothing_measured_is_none() -> None:
    assert measurement_json(None) is None
