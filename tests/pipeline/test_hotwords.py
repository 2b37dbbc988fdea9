"""Which hot words are in a text, and which were written where nobody said them."""

from __future__ import annotations

import pytest

from workbench.engines.base import Hypothesis, Segment
from workbench.pipeline.coverage import Flag, Stretch
from workbench.pipeline.hotwords import Hotword, flag_leaks, hotword_report, split_terms
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.transcript import Transcript, join_texts

CONTEXT = "Siobhan, EBITDA、機器學習; GPT-4\nEBITDA"


def transcript(
    *texts: str,
    language: str = "zh",
    coverage: tuple[Stretch, ...] = (),
    flags: tuple[Flag, ...] = (),
) -> Transcript:
    segments = tuple(Segment(start=2.0 * i, end=2.0 * i + 2, text=text) for i, text in enumerate(texts))
    return Transcript(
        source="a.wav",
        clip_digest="0" * 64,
        duration_seconds=2.0 * len(texts),
        engine="scripted",
        model_id="none",
        chain="",
        hypothesis=Hypothesis(text=join_texts(texts), raw="", language=language, segments=segments),
        measurement=Measurement(wall_seconds=1, cpu_seconds=1, audio_seconds=2),
        coverage=coverage,
        flags=flags,
    )


def test_terms_are_what_stands_between_commas_and_no_sentences() -> None:
    assert split_terms(CONTEXT) == ("Siobhan", "EBITDA", "機器學習", "GPT-4")
    assert split_terms("This is the weekly meeting of the sales team in Leeds. Ann Lee, Bob.") == ("Ann Lee", "Bob")
    assert split_terms(" ,, \n") == ()


def test_terms_are_counted_as_whole_words_under_the_ruler_of_the_language() -> None:
    shown = flag_leaks(transcript("机器学习和ebitda", "EBITDA 不是 EBITDAS", "gpt-4 好"), CONTEXT)
    assert hotword_report(shown) == (
        Hotword(term="Siobhan", found=0, leaked=0),
        Hotword(term="EBITDA", found=2, leaked=0),
        Hotword(term="機器學習", found=1, leaked=0),
        Hotword(term="GPT-4", found=1, leaked=0),
    )
    assert shown.flags == ()
    assert shown.context == CONTEXT
    assert hotword_report(transcript("EBITDA")) == ()


def test_the_list_itself_is_a_leak() -> None:
    raw = transcript(
        "今天开会",
        "Siobhan, EBITDA, 机器学习。",
        "EBITDA 机器学习",
        coverage=(Stretch(start=0, end=6, kind="transcribed"),),
    )
    shown = flag_leaks(raw, CONTEXT)
    assert [(flag.start, flag.end, flag.kind) for flag in shown.flags] == [(2.0, 4.0, "leak")]
    assert [one.kind for one in shown.coverage] == ["transcribed", "flagged", "transcribed"]
    assert [(one.found, one.leaked) for one in hotword_report(shown)] == [(0, 1), (1, 1), (1, 1), (0, 0)]
    assert shown.complete


@pytest.mark.parametrize("where", ["silence", "phrase", "loop", "too_long"])
def test_a_term_where_nobody_speaks_is_a_leak(where: str) -> None:
    tile, flags = (Stretch(start=0, end=4, kind="transcribed"), Stretch(start=4, end=6, kind="silence")), ()
    if where != "silence":
        flags = (Flag(start=4, end=6, kind=where, sentence="-"),)  # pyright: ignore[reportArgumentType]
        tile = (Stretch(start=0, end=6, kind="transcribed"),)
    shown = flag_leaks(transcript("EBITDA 很好", "谢谢", "EBITDA", coverage=tile, flags=flags), CONTEXT)
    assert (4.0, "leak") in [(flag.start, flag.kind) for flag in shown.flags]
    assert hotword_report(shown)[1] == Hotword(term="EBITDA", found=1, leaked=1)
    assert hotword_report(flag_leaks(shown, CONTEXT)) == hotword_report(shown)
    assert len(flag_leaks(shown, CONTEXT).flags) == len(shown.flags)
