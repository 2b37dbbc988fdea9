"""What is left to check on the Transcribe tab: flags, coverage, words, speakers, corrections, the look ahead."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.audio.advice import Advice
from workbench.audio.inspection import Inspection
from workbench.audio.segment import Span
from workbench.engines.base import Hypothesis, Segment, Word
from workbench.pipeline.coverage import Flag, Stretch, cover
from workbench.pipeline.edited import EditedTranscript
from workbench.pipeline.edits import ChooseCorrections
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.transcript import Transcript, warning_of
from workbench.pipeline.turns import Speaker
from workbench.text.corrections import RULES
from workbench.ui.corrections import changes_view, grouped, rule_choices
from workbench.ui.input_check import check_view
from workbench.ui.result import facts_view
from workbench.ui.review import coverage_view, other_warnings, review_view, runs
from workbench.ui.segments import keys_view, segments_view, split_words

LOOP = Flag(start=4.0, end=6.0, kind="loop", sentence="“so” is written 9 times in a row.")
NOTHING = Flag(start=8.0, end=9.5, kind="no_text", sentence="There is speech of 1.5 s here, and no text.")


def word(text: str, start: float, confidence: float | None = None) -> Word:
    return Word(start=start, end=start + 0.4, text=text, confidence=confidence)


SEGMENTS = (
    Segment(start=0.0, end=4.0, text="Good morning, 大家好。", speaker="1"),
    Segment(start=4.0, end=6.0, text="so so so", speaker="1+2"),
    Segment(start=6.0, end=8.0, text="yes", speaker="2"),
)


def transcript(*flags: Flag, **changes: Any) -> Transcript:
    heard = Hypothesis(text="all of it", raw="all of it", language="en", segments=SEGMENTS)
    made = Transcript(
        source="meeting.wav",
        clip_digest="0",
        duration_seconds=10.0,
        engine="e",
        model_id="m",
        chain="",
        hypothesis=heard,
        measurement=Measurement(wall_seconds=1.0, cpu_seconds=1.0, audio_seconds=10.0),
        flags=flags,
        coverage=cover(10.0, [Span(0.0, 8.0)], flags),
        complete=not any(flag.is_missing for flag in flags),
    )
    return replace(made, **changes)


def state(made: Transcript) -> str:
    return re.findall(r"<dt>State</dt><dd[^>]*>(.*?)</dd>", facts_view(made))[0]


def test_the_state_counts_the_places_to_check() -> None:
    assert state(transcript()) == "Complete"
    assert state(transcript(LOOP)) == "1 place to check"
    assert state(transcript(LOOP, NOTHING)) == "2 places to check"
    assert "Complete" not in state(transcript(complete=False))
    assert "wb-complete" not in facts_view(transcript(LOOP))


def test_every_flag_can_be_heard_and_says_whether_text_is_missing() -> None:
    view = review_view(transcript(LOOP, NOTHING))
    assert re.findall(r'data-flag data-seek="([\d.]+)"', view) == ["4.000", "8.000"]
    assert LOOP.sentence in view
    assert view.count("text missing") == 1
    assert "0:08.0 – 0:09.5" in view
    assert review_view(transcript()) == ""


def test_a_warning_that_a_flag_says_is_not_said_twice() -> None:
    made = transcript(NOTHING, warnings=("The file is damaged.", warning_of(NOTHING)))
    assert other_warnings(made) == ("The file is damaged.",)


def test_the_strip_tells_what_became_of_every_second() -> None:
    view = coverage_view(transcript(LOOP, NOTHING))
    kinds = re.findall(r'class="wb-part wb-(\w+)" style="left:([\d.]+)%;width:([\d.]+)%', view)
    assert [kind for kind, _, _ in kinds] == ["transcribed", "flagged", "transcribed", "flagged", "silence"]
    assert sum(float(width) for _, _, width in kinds) == pytest.approx(100, abs=0.1)
    assert "Transcribed" in view
    assert "0:06.0" in view
    assert coverage_view(transcript(coverage=())) == ""


@given(
    edges=st.lists(st.floats(0.01, 99.99), min_size=1, max_size=30, unique=True),
    kinds=st.lists(st.sampled_from(["transcribed", "silence", "flagged"]), min_size=31, max_size=31),
)
def test_cells_tile_the_strip_and_no_flag_is_lost(edges: list[float], kinds: list[Any]) -> None:
    moments = [0.0, *sorted(edges), 100.0]
    stretches = [
        Stretch(start=start, end=end, kind=kind)
        for start, end, kind in zip(moments[:-1], moments[1:], kinds, strict=False)
    ]
    found = runs(stretches, 100.0, cells=50)
    assert [first for first, _, _ in found] == [sum(count for _, count, _ in found[:n]) for n in range(len(found))]
    assert sum(count for _, count, _ in found) == 50
    flagged = {cell for first, count, kind in found if kind == "flagged" for cell in range(first, first + count)}
    for stretch in stretches:
        if stretch.kind == "flagged":
            assert min(49, int(stretch.start / 2)) in flagged


def test_words_with_times_are_clicked_and_the_text_is_whole() -> None:
    words = (word("Good", 0.0), word("morning,", 0.5, 0.3), word("gone", 1.0), word("大", 1.5), word("家", 2.0, 0.9))
    segment = replace(SEGMENTS[0], words=words)
    assert [piece for piece, own in split_words(segment) if own] == ["Good", "morning,", "大", "家"]
    assert "".join(piece for piece, _ in split_words(segment)) == segment.text
    view = segments_view([segment])
    assert view.count("data-word") == 4
    assert 'data-word data-seek="1.500"' in view
    assert view.count("wb-unsure") == 1


@given(st.text(max_size=30), st.lists(st.text(max_size=4), max_size=6))
def test_no_character_is_lost_whatever_the_words_are(text: str, words: list[str]) -> None:
    segment = Segment(start=0, end=1, text=text, words=tuple(word(one, 0.1) for one in words))
    assert "".join(piece for piece, _ in split_words(segment)) == text.strip()


def test_a_speaker_is_named_where_somebody_else_begins_and_flagged_segments_are_marked() -> None:
    people = (Speaker(label="1", name="Zhang <b>", seconds=4), Speaker(label="2", name="Li", seconds=2))
    view = segments_view([SEGMENTS[0], *SEGMENTS], speakers=people, flags=[LOOP])
    names = re.findall(r'<b class="wb-speaker"[^>]*>(.*?)</b>', view)
    assert [unescape(name) for name in names] == ["Zhang <b>", "Zhang <b> + Li", "Li"]
    assert [row.count("wb-flag") > 0 for row in view.split("<li")[1:]] == [False, False, True, False]
    assert "wb-speaker" not in segments_view([Segment(start=0, end=1, text="a")])


def test_the_hint_names_the_next_flag_only_where_there_is_one() -> None:
    assert "next place to check" in keys_view(has_flags=True)
    assert "next place to check" not in keys_view()


def test_corrections_are_grouped_with_their_reason_and_their_first_place() -> None:
    segments = tuple(Segment(start=float(n), end=n + 1.0, text="我们用API做事") for n in range(3))
    heard = Hypothesis(text="我们用API做事", raw="", segments=segments)
    edited = EditedTranscript(raw=transcript(hypothesis=heard)).edit(ChooseCorrections(rules=("spacing",)))
    groups = grouped(edited)
    assert sum(len(group.places) for group in groups) == len(edited.changes()) == 6
    assert groups[0].places[0].start == 0.0
    view = changes_view(groups)
    assert "×6" in view
    assert "␣" in view
    assert groups[0].reason in unescape(view)
    assert "Nothing to change" in changes_view([])


def test_every_rule_can_be_switched_and_says_what_it_does() -> None:
    assert [name for _, name in rule_choices()] == list(RULES)
    assert all(summary for summary, _ in rule_choices())


FOUND = Inspection(
    source="a.wav", codec="pcm_s16le", duration_seconds=10.0, sample_rate=44_100, channels=2,
    channel_dbfs=(-20.0, None), correlation=None, peak_dbfs=-3.0, rms_dbfs=-22.0, loudness_lufs=-23.4,
    speech_dbfs=-20.0, noise_dbfs=None, snr_db=None, clipped_share=0.0, bandwidth_hz=7_900.0, hum_hz=None,
    hum_dbfs=None, speech_seconds=9.2, advice=(Advice(kind="silent_channel", sentence="Right is <silent>."),),
)  # fmt: skip


def test_the_look_ahead_says_what_is_known_and_what_to_do() -> None:
    view = check_view(FOUND)
    assert "92 % speech · stereo · 44.1 kHz · −23 LUFS · sound up to 7.9 kHz." in view
    assert "<li>Right is &lt;silent&gt;.</li>" in view
    assert "SNR" not in view
    assert "hinder" not in view
    assert "hinder" in check_view(replace(FOUND, advice=()))
