"""A chain as a form: its text taken apart and written again, and what the form does in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.audio.effects import denoise
from workbench.audio.steps import StepInfo, list_steps, parse_chain
from workbench.errors import WorkbenchError
from workbench.ui.chain_builder import builder_view
from workbench.ui.chain_pieces import read_pieces, told_pieces, write_pieces

HOSTILE = '<img src=x onerror="window.hacked=1">'


def typed_step(step: StepInfo) -> st.SearchStrategy[str]:
    """The step with any values of any of its parameters."""
    values = {
        one.name: st.none()
        | (
            st.integers(int(one.least) + 1, int(one.most))
            if isinstance(one.default, int)
            else st.floats(one.least, one.most)
        )
        for one in step.parameters
    }
    return st.fixed_dictionaries(values).map(
        lambda chosen: (
            f"{step.name}:{','.join(f'{name}={value}' for name, value in chosen.items() if value is not None)}"
        )
    )


@settings(deadline=None)
@given(st.lists(st.sampled_from(list_steps()).flatmap(typed_step), max_size=4))
def test_a_chain_taken_apart_and_written_again_is_the_same_chain_in_its_short_form(typed: list[str]) -> None:
    text = "+".join(typed)
    try:
        chain = parse_chain(text, to_use=False)
    except WorkbenchError:  # two parameters that contradict each other
        return
    short = write_pieces(read_pieces(text))
    assert parse_chain(short, to_use=False) == chain
    assert write_pieces(read_pieces(str(chain))) == short
    assert "@" not in short


@given(st.text(alphabet="gain highps:=,+@1.e-", max_size=30))
def test_any_text_is_shown_and_none_of_it_is_lost(text: str) -> None:
    pieces = read_pieces(text)
    assert builder_view(text)
    unread = [piece.text for piece in pieces if piece.step is None]
    assert all(one in write_pieces(pieces) for one in unread)


@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["step", "text", "values", "cutoff"]), inner)))  # fmt: skip
def test_a_page_that_is_not_ours_may_tell_anything(told: object) -> None:
    assert isinstance(write_pieces(told_pieces(told)), str)


def test_values_that_would_end_a_step_are_not_written() -> None:
    told = [{"step": "highpass", "values": {"cutoff": "90,order=1+gain", "order": "", "other": "1"}}, {"text": "a+b"}]
    assert write_pieces(told_pieces(told)) == "highpass:cutoff=90order1gain+ab"
    assert write_pieces(told_pieces([{"step": "gain", "values": {"peak_db": "-6.0"}}])) == "gain:peak_db=-6"


def test_a_form_shows_every_step_with_its_fields_and_escapes_what_was_typed() -> None:
    shown = builder_view(f"highpass:cutoff=5000+{HOSTILE}+gain:peak_db={HOSTILE}")
    assert shown.count("<li") == 3
    assert "<img" not in shown
    assert HOSTILE.partition("=")[0] in unescape(shown)
    assert 'value="5000" min="10" max="1000"' in shown
    assert re.findall(r'<option value="(\w+)"', shown) == [step.name for step in list_steps()]


def test_a_step_whose_package_is_missing_is_listed_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(denoise.RNNoise, "package", "no_such_package")
    names = re.findall(r"<option [^>]*>(\w+) \(not installed\)", builder_view(""))
    assert "rnnoise" in names
    assert "gain" not in names


@pytest.mark.browser
def test_a_chain_is_built_by_hand_and_by_text_and_is_what_the_command_says(
    open_page: Callable[..., Any], choose_engine: Callable[..., None], tmp_path: Path
) -> None:
    page = open_page()
    text, rows = page.locator(".wb-chain-own textarea:visible"), page.locator(".wb-steps:visible > li")

    def add(name: str) -> None:
        page.locator("select[data-adding]:visible").select_option(name)
        page.locator("[data-add]:visible").click()
        page.locator(f"li[data-step={name}]:visible").wait_for()

    def wait_for_text(wanted: str) -> None:
        page.wait_for_function(
            "wanted => [...document.querySelectorAll('.wb-chain-own textarea')]"
            ".some(one => one.offsetParent && one.value === wanted)",
            arg=wanted,
        )

    choose_engine(page, "scripted")
    page.locator(".wb-chain-preset:visible input").click()
    page.get_by_role("option", name="Custom chain…").click()
    add("gain")
    add("highpass")
    cutoff = page.get_by_label("cutoff").locator("visible=true")
    cutoff.fill("120")
    cutoff.press("Tab")
    wait_for_text("gain+highpass:cutoff=120")
    assert page.evaluate("document.activeElement.dataset.key") == "order1", "an edited field must not lose the keyboard"
    page.get_by_role("button", name="Move up: highpass").locator("visible=true").click()
    wait_for_text("highpass:cutoff=120+gain")
    cutoff.fill("5000")
    cutoff.press("Enter")
    page.locator(".wb-notice:visible", has_text="cutoff is 5000").wait_for()
    text.fill("highpass:cutoff=120+gain:peak_db=-6+trim")
    page.locator("li[data-step=trim]:visible").wait_for()
    assert cutoff.input_value() == "120", "a field that was typed in follows the text"
    page.get_by_role("button", name="Remove: trim").locator("visible=true").click()
    wait_for_text("highpass:cutoff=120+gain:peak_db=-6")
    assert rows.count() == 2
    sound = tmp_path / "tone.wav"
    soundfile.write(sound, 0.1 * np.sin(np.arange(32_000) / 5).astype(np.float32), 16_000)
    page.locator(".wb-drop input[type=file]").first.set_input_files(str(sound))
    page.wait_for_selector(".wb-player")
    page.get_by_role("button", name="Transcribe", exact=True).click()
    page.wait_for_selector(".wb-editor")
    assert "--chain highpass:cutoff=120+gain:peak_db=-6" in page.locator(".wb-command code").first.inner_text()
