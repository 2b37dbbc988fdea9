"""Where systems differ from a label, and how they vote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.scoring.consensus import Ballot, find_versions, sound_of, speak, vote, weigh_systems
from workbench.text.phonetics import Speech
from workbench.text.rulers import find_ruler


def held(
    label: str, *texts: str, speech: Speech | None = None, weights: tuple[float, ...] = (), ruler: str = "basic"
) -> Ballot:
    names = [f"s{number}" for number in range(len(texts))]
    chosen = find_ruler(ruler)
    versions = find_versions(
        speak(label, chosen, "mixed", speech),
        {name: speak(text, chosen, "mixed", speech) for name, text in zip(names, texts, strict=True)},
        speech,
    )
    return vote(versions, dict(zip(names, weights or [1.0] * len(texts), strict=True)))


def test_a_place_says_what_stands_there_and_who_agrees() -> None:
    (place,) = held("drop the tue now", "drop the two now", "drop the two now", "drop the two now").places
    assert (place.start, place.reference, place.consensus) == (2, ("tue",), ("two",))
    assert place.agreeing == ("s0", "s1", "s2")
    assert (place.alike, place.apart) == (1, 0)


@pytest.mark.parametrize(
    ("texts", "alike", "apart"),
    [
        (("x", "x", "y"), 1 / 3, 2 / 3),
        (("x", "y", "z"), 0, 1),
        (("x", "x", "a"), 0, 2 / 3),
        (("x", "x", "x", "a"), 1 / 4, 1 / 2),
        (("x", "a"), 0, 1 / 2),
        (("x",), 0, 1),
        (("x", "x", "x p q r s t"), 1 / 3, 2 / 3),
    ],
)
def test_disagreement_is_taken_off_what_speaks_against_a_label(
    texts: tuple[str, ...], alike: float, apart: float
) -> None:
    """A label is a: what some have, others not, the label itself, and a loop without a veto."""
    (place,) = held("a", *texts).places
    assert (place.alike, place.apart) == (pytest.approx(alike), pytest.approx(apart))


def test_a_long_consensus_stands_one_slip() -> None:
    said = "the other pat is on a shelf"
    (place,) = held("was not what they meant by it", said, said, said.replace("shelf", "self")).places
    assert place.consensus == tuple(said.split())
    assert place.agreeing == ("s0", "s1", "s2")
    assert place.alike == pytest.approx(7 - 2 / 3)


def test_what_is_missing_in_a_label_and_what_is_too_much() -> None:
    (missing,) = held("i am sorry there", "i am sorry but there", "i am sorry but there").places
    assert (missing.start, missing.reference, missing.consensus, missing.size) == (3, (), ("but",), 1)
    (spare,) = held("press the the key", "press the key", "press the key").places
    assert (spare.reference, spare.consensus) == (("the",), ())


def test_stretches_that_touch_are_one_place() -> None:
    (place,) = held("the other pat", "the yellow pad", "the yellow pat").places
    assert place.reference == ("other", "pat")
    assert place.heard == {"s0": ("yellow", "pad"), "s1": ("yellow", "pat")}
    assert (place.alike, place.apart) == (pytest.approx(1 / 2), pytest.approx(1))


def test_a_word_written_as_two_is_one_place() -> None:
    (place,) = held("the file name is", "the filename is", "the fine name is").places
    assert place.reference == ("file", "name")
    assert place.heard == {"s0": ("filename",), "s1": ("fine", "name")}


def test_homophones_are_no_place_and_agree_with_each_other() -> None:
    assert held("举世瞩目", "举世主目", speech="zh").places == ()
    assert len(held("举世瞩目", "举世主目").places) == 1
    (place,) = held("你好世界", "你好事件", "你好事见", "你好事件", speech="zh", ruler="zh").places
    assert place.consensus == ("件",)
    assert place.agreeing == ("s0", "s1", "s2")


@pytest.mark.parametrize(
    ("one", "other"),
    [(("file", "name"), ("filename",)), (("one", "2", "3"), ("123",)), (("5.30",), ("530",)), (("don't",), ("dont",))],
)
def test_word_boundaries_signs_and_digits_written_out_are_writing(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert sound_of(one, None) == sound_of(other, None)
    (place,) = held(" ".join(one), " ".join(other), " ".join(other), ruler="raw").places
    assert (place.alike, place.apart) == (0, 0)


def test_a_sign_alone_keeps_itself() -> None:
    assert sound_of(("#",), None) == "#"


def test_systems_that_err_alike_share_a_vote() -> None:
    texts = [("b", "b", "c"), ("x", "x", "a"), ("a", "a", "y"), ("z", "z", "w")]
    ballots = [held("a", *text) for text in texts]
    weights = weigh_systems(ballots, ["s0", "s1", "s2"])
    assert weights == pytest.approx({"s0": 0.5, "s1": 0.5, "s2": 1.0})


def test_two_of_a_kind_do_not_outvote_one_of_its_own() -> None:
    (alone,) = held("a b", "a x", "a x", "a b", weights=(0.5, 0.5, 1.0)).places
    (equal,) = held("a b", "a x", "a x", "a x", "a b", weights=(1.0, 1.0, 1.0, 1.0)).places
    assert alone.alike == 0
    assert equal.alike > 0


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=8))
def test_places_put_into_the_label_give_the_text(label: list[str], text: list[str]) -> None:
    ballot = held(" ".join(label), " ".join(text))
    rebuilt = list[str]()
    reached = 0
    for place in ballot.places:
        rebuilt += [*label[reached : place.start], *place.heard["s0"]]
        reached = place.start + len(place.reference)
    assert [*rebuilt, *label[reached:]] == text
