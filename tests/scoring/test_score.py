from __future__ import annotations

import subprocess
import sys
import time

import jiwer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import UnknownName
from workbench.scoring.counts import ErrorCounts
from workbench.scoring.score import METRICS, Edit, Pair, align, count, count_all, count_each, score
from workbench.text.rulers import find_ruler
from workbench.text.units import UNITS, Unit, split

TEXTS = st.text(alphabet="ab 的好𠮶1'", max_size=24)
PAIRS = st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=12)


def counts_of(hits: int = 0, substitutions: int = 0, deletions: int = 0, insertions: int = 0) -> ErrorCounts:
    return ErrorCounts(hits=hits, substitutions=substitutions, deletions=deletions, insertions=insertions)


@given(PAIRS)
@settings(max_examples=200, deadline=None)
def test_counting_all_rates_together_is_counting_each(pairs: list[tuple[str, str]]) -> None:
    references, hypotheses = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    apart = {metric: count_all(references, hypotheses, unit) for metric, unit in METRICS.items()}
    assert count_each(references, hypotheses) == apart


class TestCount:
    @pytest.mark.parametrize(
        ("reference", "hypothesis", "unit", "expected"),
        [
            ("a b c", "a b c", "word", counts_of(3)),
            ("a b c", "a x c", "word", counts_of(2, 1)),
            ("a b c", "a c", "word", counts_of(2, 0, 1)),
            ("a c", "a b c", "word", counts_of(2, 0, 0, 1)),
            ("今日 好天", "今天好天", "char", counts_of(3, 1)),
            ("用 API 吧", "用 app 吧", "mixed", counts_of(2, 1)),
            ("用API吧", "用 API 吧", "mixed", counts_of(3)),
            ("", "", "word", counts_of()),
            ("", "thank you", "word", counts_of(0, 0, 0, 2)),
            ("thank you", "", "word", counts_of(0, 0, 2)),
            (" 　", "好", "char", counts_of(0, 0, 0, 1)),
        ],
    )
    def test_known_pairs(self, reference: str, hypothesis: str, unit: Unit, expected: ErrorCounts) -> None:
        assert count(reference, hypothesis, unit) == expected

    @given(TEXTS, TEXTS, st.sampled_from(UNITS))
    @settings(deadline=None)
    def test_lengths_are_those_of_the_texts(self, reference: str, hypothesis: str, unit: Unit) -> None:
        counts = count(reference, hypothesis, unit)
        assert counts.reference_length == len(split(reference, unit))
        assert counts.hits + counts.substitutions + counts.insertions == len(split(hypothesis, unit))

    @given(TEXTS, TEXTS, st.sampled_from(UNITS))
    @settings(deadline=None)
    def test_as_many_errors_either_way_round(self, left: str, right: str, unit: Unit) -> None:
        assert count(left, right, unit).errors == count(right, left, unit).errors

    @given(TEXTS, TEXTS, TEXTS, st.sampled_from(UNITS))
    @settings(deadline=None)
    def test_no_detour_is_cheaper(self, one: str, two: str, three: str, unit: Unit) -> None:
        """By sclite's cost, 3 for an error and 1 more for a substitution; the errors alone may be one more."""
        counts = [count(*pair, unit) for pair in ((one, three), (one, two), (two, three))]
        straight, first, second = (3 * found.errors + found.substitutions for found in counts)
        assert straight <= first + second

    @given(PAIRS, st.sampled_from(UNITS))
    @settings(deadline=None)
    def test_many_at_once_are_counted_as_one_by_one(self, pairs: list[tuple[str, str]], unit: Unit) -> None:
        references, hypotheses = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        assert count_all(references, hypotheses, unit) == [count(*pair, unit) for pair in pairs]

    def test_batches_do_not_show(self, monkeypatch: pytest.MonkeyPatch) -> None:
        references, hypotheses = ["a b", "c", "", "d e f"], ["a", "c", "x", ""]
        whole = count_all(references, hypotheses, "word")
        monkeypatch.setattr("workbench.scoring.score._BATCH", 2)
        assert count_all(references, hypotheses, "word") == whole

    def test_unpaired_texts_are_refused(self) -> None:
        with pytest.raises(ValueError, match="paired"):
            count_all(["a"], [], "word")

    def test_unknown_unit_is_named(self) -> None:
        with pytest.raises(UnknownName, match="unit"):
            count("a", "b", "syllable")  # type: ignore[arg-type]


class TestAgainstJiwer:
    @given(
        st.lists(st.tuples(st.text(alphabet="ab c", max_size=16), st.text(alphabet="ab c", max_size=16)), min_size=1)
    )
    @settings(deadline=None)
    def test_words(self, pairs: list[tuple[str, str]]) -> None:
        spoken = [(reference, hypothesis) for reference, hypothesis in pairs if reference.strip()]
        if not spoken:
            return
        theirs = jiwer.process_words([pair[0] for pair in spoken], [pair[1] for pair in spoken])
        self.agree(theirs, theirs.wer, spoken, "wer")

    @given(
        st.lists(
            st.tuples(st.text(alphabet="的好𠮶ab", max_size=16), st.text(alphabet="的好𠮶ab", max_size=16)), min_size=1
        )
    )
    @settings(deadline=None)
    def test_characters(self, pairs: list[tuple[str, str]]) -> None:
        spoken = [(reference, hypothesis) for reference, hypothesis in pairs if reference]
        if not spoken:
            return
        theirs = jiwer.process_characters([pair[0] for pair in spoken], [pair[1] for pair in spoken])
        self.agree(theirs, theirs.cer, spoken, "cer")

    @given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=12))
    @settings(deadline=None)
    def test_mixed_units_as_words_apart(self, pairs: list[tuple[str, str]]) -> None:
        apart = [(" ".join(split(left, "mixed")), " ".join(split(right, "mixed"))) for left, right in pairs]
        spoken = [(reference, hypothesis) for reference, hypothesis in apart if reference]
        if not spoken:
            return
        theirs = jiwer.process_words([pair[0] for pair in spoken], [pair[1] for pair in spoken])
        self.agree(theirs, theirs.wer, spoken, "mer")

    @staticmethod
    def agree(theirs, rate: float, pairs: list[tuple[str, str]], metric: str) -> None:
        ours = score([(str(index), *pair) for index, pair in enumerate(pairs)], find_ruler("raw"))
        total = sum((item.counts[metric] for item in ours.items), ErrorCounts())
        assert total == ours.metrics[metric].counts
        assert total.reference_length == theirs.hits + theirs.substitutions + theirs.deletions
        fewest = theirs.substitutions + theirs.deletions + theirs.insertions
        # jiwer's errors are the fewest; sclite's weights may take one more for three of its substitutions.
        assert fewest <= total.errors <= fewest + theirs.substitutions // 3
        assert 3 * total.errors + total.substitutions <= 3 * fewest + theirs.substitutions
        if theirs.substitutions < 3:
            assert ours.metrics[metric].rate == pytest.approx(rate)


class TestAlign:
    def test_operations_are_named(self) -> None:
        assert align("我 用 API 啦", "我用 app 好啦", "mixed")[:2] == [Edit("hit", "我", "我"), Edit("hit", "用", "用")]
        assert align("用 API", "用 app", "mixed")[1] == Edit("substitution", "API", "app")
        assert align("有 API", "有嘅 API", "mixed")[1] == Edit("insertion", "", "嘅")
        assert align("a b", "b", "word") == [Edit("deletion", "a", ""), Edit("hit", "b", "b")]
        assert align("", "", "word") == []

    @given(TEXTS, TEXTS, st.sampled_from(UNITS))
    @settings(deadline=None)
    def test_both_texts_can_be_read_off(self, reference: str, hypothesis: str, unit: Unit) -> None:
        edits = align(reference, hypothesis, unit)
        assert [edit.reference for edit in edits if edit.op != "insertion"] == split(reference, unit)
        assert [edit.hypothesis for edit in edits if edit.op != "deletion"] == split(hypothesis, unit)

    @given(TEXTS, TEXTS, st.sampled_from(UNITS))
    @settings(deadline=None)
    def test_edits_are_what_is_counted(self, reference: str, hypothesis: str, unit: Unit) -> None:
        edits = align(reference, hypothesis, unit)
        assert count(reference, hypothesis, unit) == counts_of(
            *(sum(edit.op == op for edit in edits) for op in ("hit", "substitution", "deletion", "insertion"))
        )
        for edit in edits:
            assert (edit.op == "hit") == (edit.reference == edit.hypothesis)
            assert (edit.op == "insertion") == (edit.reference == "")
            assert (edit.op == "deletion") == (edit.hypothesis == "")


class TestScore:
    CORPUS: tuple[Pair, ...] = (
        ("one", "今日，好天。", "今天好天"),
        ("noise", "……", "谢谢 观看"),
        ("two", "用 120 個 API", "用一百二十个API"),
        ("silence", "", ""),
        ("nothing", "有人", ""),
    )

    def test_empty_references_are_named_and_counted_apart(self) -> None:
        result = score(self.CORPUS, find_ruler("zh"))
        assert result.empty_references == ("noise", "silence")
        assert [item.empty_reference for item in result.items] == [False, True, False, True, False]
        cer = result.metrics["cer"]
        assert cer.counts == counts_of(12, 1, 2)
        assert cer.insertions_on_empty == 4
        assert cer.items == 3
        assert cer.rate == pytest.approx(3 / 15)
        assert result.items[1].counts["cer"] == counts_of(insertions=4)

    def test_each_rate_has_its_unit(self) -> None:
        metrics = score([("a", "用API 做 model", "用 API做 module")], find_ruler("raw")).metrics
        lengths = {name: metric.counts.reference_length for name, metric in metrics.items()}
        assert lengths == {"wer": 3, "cer": 10, "mer": 4}
        assert {name: metric.counts.hits for name, metric in metrics.items()} == {"wer": 0, "cer": 9, "mer": 3}

    def test_sums_of_clips_are_the_corpus(self) -> None:
        result = score(self.CORPUS, find_ruler("zh"))
        for metric in METRICS:
            spoken = [item.counts[metric] for item in result.items if not item.empty_reference]
            assert sum(spoken, ErrorCounts()) == result.metrics[metric].counts

    def test_ruler_is_named_with_its_hash(self) -> None:
        result = score(self.CORPUS, find_ruler("zh"))
        assert (result.ruler, result.ruler_hash) == ("zh@1", find_ruler("zh").hash)

    def test_ruler_decides(self) -> None:
        assert (score(self.CORPUS, find_ruler("raw")).metrics["cer"].rate or 0) > 0.5

    def test_order_and_ids_are_kept_even_twice(self) -> None:
        result = score([("x", "a", "a"), ("x", "b", "c"), ("", "d", "d")], find_ruler("raw"))
        assert [item.id for item in result.items] == ["x", "x", ""]

    def test_nothing_has_no_rate(self) -> None:
        for pairs in ([], [("a", "", "x")]):
            metric = score(pairs, find_ruler("basic")).metrics["wer"]
            assert (metric.rate, metric.ci95, metric.items) == (None, None, 0)

    def test_one_utterance_has_a_rate_and_no_interval(self) -> None:
        metric = score([("a", "a b", "a c")], find_ruler("basic")).metrics["wer"]
        assert (metric.rate, metric.ci95) == (0.5, None)

    def test_interval_holds_the_rate_and_is_the_same_every_time(self) -> None:
        pairs = [(str(index), "a b c d " * (1 + index % 7), "a b c d " * (1 + index % 5)) for index in range(40)]
        first, second = (score(pairs, find_ruler("basic"), seed=7).metrics["wer"] for _ in range(2))
        assert first == second
        assert first.ci95 is not None
        assert first.rate is not None
        assert first.ci95[0] < first.rate < first.ci95[1]
        assert score(pairs, find_ruler("basic"), seed=8).metrics["wer"].ci95 != first.ci95

    def test_json_is_the_contract(self) -> None:
        metrics = score([*self.CORPUS], find_ruler("zh")).metrics
        shown = metrics["cer"].as_json()
        assert list(shown) == [
            "rate", "errors", "substitutions", "deletions", "insertions", "hits", "reference_length", "ci95",
        ]  # fmt: skip
        assert isinstance(shown["ci95"], list)
        assert shown["errors"] == shown["substitutions"] + shown["deletions"] + shown["insertions"] == 3

    @given(PAIRS)
    @settings(deadline=None, max_examples=50)
    def test_nothing_is_lost_between_clips_and_corpus(self, pairs: list[tuple[str, str]]) -> None:
        result = score([(str(index), *pair) for index, pair in enumerate(pairs)], find_ruler("basic"))
        for metric in METRICS:
            total = sum((item.counts[metric] for item in result.items), ErrorCounts())
            corpus = result.metrics[metric]
            assert total.errors == corpus.counts.errors + corpus.insertions_on_empty


def test_scoring_loads_neither_torch_nor_transformers() -> None:
    code = (
        "import sys\n"
        "import workbench.scoring.score as s, workbench.text.rulers as r\n"
        "s.score([('a', '他說 12 個', '他说十二个')], r.find_ruler('zh'))\n"
        "print({'torch', 'transformers', 'gradio', 'pandas', 'jiwer'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_ten_thousand_utterances_take_seconds() -> None:
    pairs = [
        (str(index), f"今日我哋用 API 做咗{index % 700}次測試，好好。", f"今日我哋用api做咗{index % 700}次。")
        for index in range(10_000)
    ]
    started = time.perf_counter()
    result = score(pairs, find_ruler("zh"))
    assert time.perf_counter() - started < 30  # measured: 2 s; the limit is for a crowded machine
    assert result.metrics["mer"].counts.deletions == 40_000
