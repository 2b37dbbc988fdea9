"""Plant faults in labels and count how many are found: how good the ranking of `workbench labels suspects` is.

python scripts/plant_label_faults.py RUN RUN RUN [--draws 30] [--share 0.06] [--skip ID …]

Runs over several sets are joined: those with the same engine, chain and options are one system. Beside the ranking
stands plain distance: (mean distance from the label − mean distance of texts from each other) / length of the label.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations

from workbench import services
from workbench.runs.causes import speech_of
from workbench.runs.records import ItemResult
from workbench.runs.suspects import suspects_ruler
from workbench.scoring.score import count_all
from workbench.scoring.suspects import ClipTexts, find_suspects
from workbench.text.rulers import Ruler, find_ruler
from workbench.text.units import split

FAULTS = ("changed", "changed", "left out", "put in", "misspelt", "swapped")
Ranking = Callable[[Sequence[ClipTexts], Ruler], list[str]]


def by_suspicion(clips: Sequence[ClipTexts], ruler: Ruler) -> list[str]:
    return [one.id for one in find_suspects(clips, ruler).suspects]


def by_distance(clips: Sequence[ClipTexts], ruler: Ruler) -> list[str]:
    def distance(clip: ClipTexts) -> float:
        label, texts = ruler.apply(clip.reference), [ruler.apply(text) for text in clip.texts.values()]
        away = [one.errors for one in count_all([label] * len(texts), texts, "mixed")]
        between = [one.errors for one in count_all(*zip(*combinations(texts, 2), strict=True), "mixed")]
        return (sum(away) / len(away) - sum(between) / len(between)) / max(1, len(split(label, "mixed")))

    return [clip.id for clip in sorted(clips, key=distance, reverse=True)]


def read_clips(runs: Sequence[str], skip: Sequence[str]) -> list[ClipTexts]:
    """Clips that have a label and the texts of three systems."""
    clips: dict[str, ClipTexts] = {}
    for run in runs:
        stored = services.load_run(run)
        spec = stored.record.spec
        system = json.dumps([spec.engine, spec.chain, dict(spec.options)], sort_keys=True)
        for one in stored.outcomes:
            if isinstance(one, ItemResult) and one.reference and one.id not in skip:
                language = str(one.tags.get("language") or spec.set_language)
                known = clips.get(one.id) or ClipTexts(
                    id=one.id, reference=one.reference, texts={}, group=language, speech=speech_of(language)
                )
                clips[one.id] = replace(known, texts={**known.texts, system: one.text})
    return [clip for clip in clips.values() if len(clip.texts) >= 3]


def plant(clips: Sequence[ClipTexts], share: float, rng: random.Random) -> tuple[list[ClipTexts], dict[str, str]]:
    """Clips with faults in a share of them, and which fault each of those has."""
    spoken = defaultdict[str | None, list[str]](list)
    for clip in clips:
        spoken[clip.speech] += split(clip.reference, "mixed")
    planted = {clip.id: clip for clip in clips}
    faults = {clip.id: rng.choice(FAULTS) for clip in rng.sample(clips, max(2, int(len(clips) * share)))}
    for name, fault in faults.items():
        clip = planted[name]
        others = [one.reference for one in clips if one.speech == clip.speech and one.reference != clip.reference]
        planted[name] = replace(clip, reference=_spoil(clip.reference, fault, spoken[clip.speech], others, rng))
    return list(planted.values()), faults


def _spoil(label: str, fault: str, words: Sequence[str], others: Sequence[str], rng: random.Random) -> str:
    units = split(label, "mixed")
    place = rng.randrange(len(units))
    if fault == "swapped":
        return rng.choice(others)
    if fault == "put in":
        units.insert(place, rng.choice(words))
    elif fault == "left out" and len(units) > 2:
        del units[place]
    elif fault == "misspelt" and units[place].isascii() and len(units[place]) > 3:
        letter = rng.randrange(1, len(units[place]) - 1)
        units[place] = units[place][:letter] + units[place][letter + 1 :]
    else:
        units[place] = rng.choice([word for word in words if word.lower() != units[place].lower()])
    return " ".join(units)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="RUN")
    parser.add_argument("--draws", type=int, default=30)
    parser.add_argument("--share", type=float, default=0.06)
    parser.add_argument("--skip", nargs="*", default=(), metavar="ID")
    arguments = parser.parse_args()
    clips = read_clips(arguments.runs, arguments.skip)
    ruler = find_ruler(suspects_ruler("mixed"))
    rankings: dict[str, Ranking] = {"suspicion": by_suspicion, "distance": by_distance}
    found = {name: defaultdict[str, list[bool]](list) for name in rankings}
    for draw in range(arguments.draws):
        planted, faults = plant(clips, arguments.share, random.Random(draw))
        for name, rank in rankings.items():
            top = set(rank(planted, ruler)[: len(clips) // 10])
            for item, fault in faults.items():
                found[name][fault].append(item in top)
                found[name]["any"].append(item in top)
    print(f"{len(clips)} clips, {arguments.draws} draws, found in the top {len(clips) // 10}:")
    for name, kinds in found.items():
        print(name, {kind: f"{sum(hits)} of {len(hits)}" for kind, hits in sorted(kinds.items())})


if __name__ == "__main__":
    main()
