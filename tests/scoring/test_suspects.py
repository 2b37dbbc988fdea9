"""Wrong labels planted among the shipped demo sets are found; hard clips and relatives do not crowd them out."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.scoring.score import align
from workbench.scoring.suspects import ClipTexts, Suspicions, find_suspects
from workbench.text.phonetics import Speech
from workbench.text.rulers import find_ruler
from workbench.text.units import split

SETS = Path(__file__).resolve().parents[2] / "eval_sets"
SYSTEMS = ("one", "two", "three")


EASY = {"rate": 0.01, "shared": 0.0}
HARD = {"rate": 0.5, "shared": 0.4}


def labels(name: str) -> dict[str, str]:
    lines = (SETS / name / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    # Under the ruler already, so that a planted fault is never a comma.
    return {row["id"]: find_ruler("mixed").apply(row["text"]) for row in map(json.loads, lines)}


def heard(text: str, rng: random.Random, *, rate: float, shared: float) -> dict[str, str]:
    """Each system's text: units are misheard at a rate, a share of those by all systems alike, as relatives do."""
    units: dict[str, list[str]] = {name: [] for name in SYSTEMS}
    for unit in split(text, "mixed"):
        alike = garbled(rng) if rng.random() < rate * shared else unit
        for own in units.values():
            own.append(garbled(rng) if rng.random() < rate * (1 - shared) else alike)
    return {name: " ".join(own) for name, own in units.items()}


def garbled(rng: random.Random) -> str:
    return "".join(rng.choices("bdfgklmnprst", k=5))


def clips_of(name: str, *, speech: Speech | None, rng: random.Random) -> list[ClipTexts]:
    """A demo set as three relatives might hear it: mostly right, every fifth clip too hard for them."""
    return [
        ClipTexts(
            id=f"{name}/{key}",
            reference=text,
            texts=heard(text, rng, **(HARD if number % 5 == 4 else EASY)),
            group=name,
            speech=speech,
        )
        for number, (key, text) in enumerate(labels(name).items())
    ]


def ranks(found: Suspicions) -> dict[str, int]:
    return {one.id: rank for rank, one in enumerate(found.suspects, start=1)}


@pytest.mark.parametrize("seed", range(3))
def test_planted_labels_lead(seed: int) -> None:
    """A word changed, left out, put in, and the label of another clip, in two languages at once."""
    rng = random.Random(seed)
    clips = clips_of("english-demo", speech=None, rng=rng) + clips_of("mandarin-demo", speech="zh", rng=rng)
    easy = [place for place in range(len(clips)) if place % 25 % 5 != 4]
    chosen = rng.sample(easy, 4)
    for place, fault in zip(chosen, ("changed", "missing", "spare", "other"), strict=True):
        units = split(clips[place].reference, "mixed")
        spot = rng.randrange(1, len(units) - 1)
        wrong = {
            "changed": [*units[:spot], "zebra", *units[spot + 1 :]],
            "missing": [*units[:spot], *units[spot + 1 :]],
            "spare": [*units[:spot], "giraffe", *units[spot:]],
            "other": split(clips[easy[easy.index(place) - 1]].reference, "mixed"),
        }[fault]
        clips[place] = replace(clips[place], reference=" ".join(wrong))
    found = ranks(find_suspects(clips, find_ruler("mixed")))
    assert all(found.get(clips[place].id, 99) <= len(clips) // 10 for place in chosen), found


def test_clips_that_systems_hear_differently_are_no_suspects() -> None:
    rng = random.Random(5)
    clips = [
        replace(clip, texts=heard(clip.reference, rng, rate=0.6, shared=0.2))
        for clip in clips_of("english-demo", speech=None, rng=rng)
    ]
    wrong = replace(
        clips[7], reference="nothing like it was said here", texts=dict.fromkeys(SYSTEMS, clips[7].reference)
    )
    found = find_suspects([*clips[:7], wrong, *clips[8:]], find_ruler("en"))
    assert ranks(found)[wrong.id] == 1
    assert found.suspects[1].score < found.suspects[0].score - 1


def test_an_error_that_the_systems_make_everywhere_is_the_systems_own() -> None:
    """Relatives write "gonna" wherever the label has "going to": that says nothing about any one label."""
    texts = [f"number {number} is going to the station today" for number in ("red", "blue", "green", "black", "white")]
    clips = [
        ClipTexts(id=str(place), reference=text, texts=dict.fromkeys(SYSTEMS, text.replace("station", "stadium")))
        for place, text in enumerate(texts)
    ]
    slip = "the train that leaves at noon is late"
    clips.append(ClipTexts(id="slip", reference=slip, texts=dict.fromkeys(SYSTEMS, slip.replace("noon", "moon"))))
    clips += [ClipTexts(id=f"right {n}", reference=slip, texts=dict.fromkeys(SYSTEMS, slip)) for n in range(20)]
    found = find_suspects(clips, find_ruler("en"))
    assert found.suspects[0].id == "slip"
    assert {round(objection.weight, 2) for one in found.suspects[1:] for objection in one.objections} == {0.2}


def test_a_suspect_says_why() -> None:
    clips = [
        ClipTexts(
            id="pad",
            reference="TEAR THIN SHEEP FROM THE OTHER PAT",
            texts={
                "one": "Tear thin sheet from the yellow pad.",
                "two": "tear thin sheet from the yellow pad",
                "three": "tear thin sheet from the mellow pad",
            },
        ),
        *(ClipTexts(id=f"{n}", reference="as it is", texts=dict.fromkeys(SYSTEMS, "as it is")) for n in range(9)),
    ]
    (suspect,) = find_suspects(clips, find_ruler("en")).suspects
    assert suspect.reference == "TEAR THIN SHEEP FROM THE OTHER PAT"
    assert suspect.measured == "tear thin sheep from the other pat"
    assert suspect.consensus == "tear thin sheet from the yellow pad"
    assert [(one.start, one.reference, one.consensus) for one in suspect.objections] == [
        (2, "sheep", "sheet"),
        (5, "other pat", "yellow pad"),
    ]
    assert suspect.agreeing == suspect.objections[1].agreeing == SYSTEMS
    assert [one.weight for one in suspect.objections] == [1, pytest.approx(2 / 3, abs=0.05)]
    assert list(suspect.edits) == align(suspect.measured, suspect.consensus, "mixed")


def test_han_is_written_without_spaces() -> None:
    clips = [
        ClipTexts(id="x", reference="我们用API开发", texts=dict.fromkeys(SYSTEMS, "我们用API开会"), speech="zh"),
        *(
            ClipTexts(id=str(n), reference="今天天气", texts=dict.fromkeys(SYSTEMS, "今天天气"), speech="zh")
            for n in range(9)
        ),
    ]
    (suspect,) = find_suspects(clips, find_ruler("mixed")).suspects
    assert (suspect.measured, suspect.consensus) == ("我们用api开发", "我们用api开会")


def test_what_cannot_be_judged_is_named() -> None:
    clips = [
        ClipTexts(id="silence", reference="…", texts=dict.fromkeys(SYSTEMS, "thank you")),
        ClipTexts(id="alone", reference="hello", texts={"one": "yellow"}),
        ClipTexts(id="fine", reference="hello", texts={"one": "", "two": ""}),
    ]
    found = find_suspects(clips, find_ruler("basic"))
    assert (found.judged, found.empty_references, found.too_few_texts) == (1, ("silence",), ("alone",))
    assert found.suspects[0].consensus == ""
    assert find_suspects([], find_ruler("basic")).suspects == ()


def test_the_order_of_clips_and_systems_does_not_matter() -> None:
    rng = random.Random(2)
    clips = clips_of("english-demo", speech=None, rng=rng)
    there = ranks(find_suspects(clips, find_ruler("en")))
    turned = [replace(clip, texts=dict(reversed(clip.texts.items()))) for clip in reversed(clips)]
    back = find_suspects(turned, find_ruler("en"))
    scores = {one.id: one.score for one in back.suspects}
    assert scores.keys() == there.keys()
    assert sorted(scores, key=lambda name: -round(scores[name], 3))[:3] == list(there)[:3]
