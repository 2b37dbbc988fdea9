"""What an engine says of itself: its options and its languages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from workbench.engines.base import EngineInfo, Segment
from workbench.errors import UnknownName, UsageError
from workbench.text.languages import NAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    beam_size: Annotated[int, Field(ge=1)] = field(default=5, metadata={"help": "Hypotheses kept."})
    vad_filter: bool = False
    threshold: float = 0.6


INFO = EngineInfo(name="whisperer", model_id="m", options=Options)


def info(*languages: str, told: bool = True) -> EngineInfo:
    return EngineInfo(
        name="whisperer",
        model_id="m",
        languages=languages,
        capabilities=frozenset({"language"} if told else ()),
    )


def test_options_without_extra_are_the_defaults() -> None:
    assert INFO.validated({}) == Options()


def test_options_from_the_command_line_are_converted() -> None:
    expected = Options(beam_size=2, vad_filter=True, threshold=0.25)
    assert INFO.validated({"beam_size": "2", "vad_filter": "true", "threshold": "0.25"}) == expected


def test_an_unknown_option_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownName, match="no option of the engine whisperer named 'beam'") as caught:
        INFO.validated({"beam": 3})
    assert "Did you mean 'beam_size'?" in caught.value.hint


@pytest.mark.parametrize("value", ["many", 0, -1, 2.5])
def test_a_value_that_does_not_fit_is_refused(value: object) -> None:
    with pytest.raises(UsageError, match="cannot use option 'beam_size'"):
        INFO.validated({"beam_size": value})


def test_an_engine_without_options_refuses_any() -> None:
    with pytest.raises(UnknownName) as caught:
        info().validated({"beam_size": 1})
    assert caught.value.hint == "There is none yet."


@pytest.mark.parametrize("language", [None, "auto", "Auto"])
def test_auto_lets_the_engine_decide(language: str | None) -> None:
    assert info("en").resolve_language(language) == (None, ())


@given(st.sampled_from(sorted(NAMES)), st.booleans())
def test_code_and_name_mean_the_same(code: str, upper: bool) -> None:
    name = NAMES[code].upper() if upper else NAMES[code]
    assert info(*NAMES).resolve_language(name) == info(*NAMES).resolve_language(code) == (code, ())


def test_cantonese_is_told_as_chinese_where_there_is_none() -> None:
    code, warnings = info("en", "zh").resolve_language("yue")
    assert code == "zh"
    assert warnings == ("whisperer does not know Cantonese; it was told Chinese.",)


def test_cantonese_stays_where_it_is_known() -> None:
    assert info("zh", "yue").resolve_language("Cantonese") == ("yue", ())


def test_a_language_it_lacks_is_refused() -> None:
    with pytest.raises(UsageError, match="does not know German"):
        info("en").resolve_language("de")
    with pytest.raises(UsageError, match="does not know Cantonese"):
        info("en").resolve_language("yue")


def test_no_such_language_is_refused() -> None:
    with pytest.raises(UnknownName, match="no language named 'klingon'"):
        info("en").resolve_language("klingon")


def test_an_engine_that_cannot_be_told_warns() -> None:
    code, warnings = info("en", told=False).resolve_language("en")
    assert code is None
    assert "decides by itself" in warnings[0]


def test_a_segment_moves_as_a_whole() -> None:
    assert Segment(start=1.0, end=2.5, text="a").shifted(10.0) == Segment(start=11.0, end=12.5, text="a")
