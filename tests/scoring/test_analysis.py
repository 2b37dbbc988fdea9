from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.scoring.analysis import analyse
from workbench.scoring.codeswitch import CodeSwitch
from workbench.scoring.hallucination import Hallucinations
from workbench.scoring.score import score
from workbench.scoring.sounds import SoundCounts, WrittenMandarin
from workbench.scoring.terms import TermCounts
from workbench.text.rulers import find_ruler

TEXT = st.text(alphabet="我系是喺在a b12，", max_size=8)


@given(st.lists(st.tuples(TEXT, TEXT), max_size=4), st.sampled_from(["zh", "yue", "mixed"]))
@settings(max_examples=60, deadline=None)
def test_parts_are_the_sums_of_the_clips_and_agree_with_the_score(texts: list[tuple[str, str]], name: str) -> None:
    pairs = [(str(place), *pair) for place, pair in enumerate(texts)]
    ruler = find_ruler(name)
    found = analyse(pairs, ruler, speech="yue", durations={"0": 1.0}, terms=["a"])
    assert sum((clip.codeswitch for clip in found.clips), CodeSwitch()) == found.codeswitch
    assert sum((clip.hallucinations for clip in found.clips), Hallucinations()) == found.hallucinations
    assert sum((clip.sounds or SoundCounts() for clip in found.clips), SoundCounts()) == found.sounds
    written = sum((clip.written_mandarin or WrittenMandarin() for clip in found.clips), WrittenMandarin())
    assert written == found.written_mandarin
    metric = score(pairs, ruler).metrics["mer"]
    total = found.codeswitch.at_switch + found.codeswitch.elsewhere
    assert total.errors == metric.counts.errors + metric.insertions_on_empty
    assert found.hallucinations.insertions_on_empty == metric.insertions_on_empty
    assert sum(one.count for one in found.confusions.substitutions) == metric.counts.substitutions
    assert (found.ruler, found.ruler_hash) == (ruler.id, ruler.hash)


def test_what_is_not_asked_is_none_and_not_nought() -> None:
    found = analyse([("a", "x", "y")], find_ruler("en"))
    assert (found.sounds, found.written_mandarin, found.terms) == (None, None, {})
    assert analyse([("a", "我", "他")], find_ruler("zh"), speech="zh").written_mandarin is None
    assert found.hallucinations.timed == 0


def test_hotwords_and_durations_are_used() -> None:
    found = analyse([("a", "用 GPU", "用 GPU GPU")], find_ruler("zh"), durations={"a": 0.1}, terms=["gpu"])
    assert found.terms == {"gpu": TermCounts(found=1, inserted=1)}
    assert (found.hallucinations.timed, found.hallucinations.too_long) == (1, 1)


def test_rewritten_words_are_found_under_a_ruler_that_folds_them() -> None:
    found = analyse([("a", "佢喺度", "佢在度"), ("b", "佢係", "佢喺")], find_ruler("yue"), speech="yue")
    assert found.written_mandarin == WrittenMandarin(kept=2, rewritten=1, other=1)


@pytest.mark.speech
def test_whisper_base_writes_mandarin_for_cantonese(speech: Path) -> None:
    items = {item["id"]: item for item in map(json.loads, (speech / "manifest.jsonl").read_text("utf-8").splitlines())}
    lines = (speech / "hypotheses" / "whisper-base.jsonl").read_text("utf-8").splitlines()
    heard = [one for one in map(json.loads, lines) if items[one["id"]]["language"] == "yue"]
    pairs = [(one["id"], items[one["id"]]["text"], one["text"]) for one in heard if items[one["id"]]["text"]]
    found = analyse(pairs, find_ruler("zh"), speech="yue")
    assert found.written_mandarin is not None
    assert found.written_mandarin.rewritten > found.written_mandarin.kept
    assert found.sounds is not None
    assert found.sounds.syllables.errors < found.sounds.units.errors


@pytest.mark.speech
def test_page_shows_the_errors_of_the_development_recordings(speech: Path) -> None:
    items = {item["id"]: item for item in map(json.loads, (speech / "manifest.jsonl").read_text("utf-8").splitlines())}
    lines = (speech / "hypotheses" / "whisper-base.jsonl").read_text("utf-8").splitlines()
    columns = []
    for language, ours in (("cmn", "zh"), ("yue", "yue"), ("cmn+en", "zh")):
        heard = [one for one in map(json.loads, lines) if items[one["id"]]["language"] == language]
        pairs = [(one["id"], items[one["id"]]["text"], one["text"]) for one in heard if items[one["id"]]["text"]]
        found = analyse(pairs, find_ruler("zh"), speech=ours)
        sounds, parts = found.sounds, found.codeswitch
        assert sounds is not None
        columns.append([
            f"{sounds.units.rate:.1%}", f"{sounds.syllables.rate:.1%}", f"{sounds.toneless.rate:.1%}",
            f"{sounds.same_sound} / {sounds.same_but_tone} / {sounds.other_sound}",
            *(f"{part.errors} / {part.reference_length}" if part.reference_length else "–"
              for part in (parts.han, parts.latin, parts.at_switch)),
        ])  # fmt: skip
    names = (
        "MER", "syllables with tone", "syllables without tone", "substitutions: same sound / other tone / other sound",
        "Han part", "Latin part", "at switch points",
    )  # fmt: skip
    page = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
    for name, cells in zip(names, zip(*columns, strict=True), strict=True):
        assert f"| {name} | {' | '.join(cells)} |".replace("%", " %") in page


def test_analysis_loads_neither_torch_nor_transformers() -> None:
    code = (
        "import sys\n"
        "import workbench.scoring.analysis as a, workbench.text.rulers as r\n"
        "assert not {'jiwer', 'ToJyutping', 'pypinyin', 'opencc'} & set(sys.modules)\n"
        "a.analyse([('a', '他說 12 個', '他说十二个')], r.find_ruler('zh'), speech='zh')\n"
        "print({'torch', 'transformers', 'gradio', 'pandas', 'ToJyutping'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
