"""Diarisation error rate on conversations built from ../shared/speech: prints the table of docs/measuring.md.

Whole utterances of people who never met are set one after the other with pauses of 0.1 to 1.2 s, one in six begun
before the last one ends. What is right is told by the voice activity of each recording before it was mixed.
`pip install pyannote.metrics` for the scorer; `--quick` takes the first two conversations.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate

from workbench.audio.clip import AudioClip, Samples
from workbench.audio.io import read_clip
from workbench.audio.mix import mix_at_snr, reverberate
from workbench.audio.vad import speech_spans
from workbench.pipeline.speakers import turns_among
from workbench.pipeline.turns import Turn
from workbench.pipeline.voices import Voices, hear_voices

SPEECH = Path(__file__).resolve().parents[2] / "shared" / "speech"
RATE = 16_000
PEOPLE = {
    "American": ("english/azure_en_training_audio1", "english/azure_en_training_audio2"),
    "Canadian": ("english/mfa_acoustic_corpus",),
    "Operator": ("english_telephone/ast_demo-moreinfo", "english_telephone/ast_conf-usermenu"),
    "Reader": ("english/ps_librivox_0870", "english/ps_librivox_0880", "english/ps_librivox_0930"),
    "Reader 2": ("english/librispeech_2412-153948-0000",),
    "Harvard 1": tuple(f"english/harvard_spk1_snt{number}" for number in range(1, 5)),
    "Harvard 2": tuple(f"english/harvard_spk2_snt{number}" for number in range(1, 5)),
    "Zhang": ("mandarin/azure_zh_training_audio1", "mandarin/azure_zh_training_audio2"),
    "Li": ("mandarin/azure_zhcn_continuous",),
    "Tan": tuple(f"mandarin_words/hsk_{number:02d}" for number in (0, 1, 5, 7, 8, 9, 11, 14, 16, 19)),
    "Storyteller": ("cantonese/zjg_saamgwokjinji_029_201", "cantonese/zjg_seoiwuzyun_030_266"),
}
CASTS = (
    ("American", "Canadian"),
    ("Zhang", "Storyteller"),
    ("Zhang", "Li"),
    ("Harvard 1", "Harvard 2"),
    ("Operator", "American"),
    ("Canadian", "Operator", "Reader"),
    ("Li", "Storyteller", "Tan"),
    ("American", "Zhang", "Reader 2"),
    ("American", "Zhang", "Canadian", "Storyteller"),
    ("Operator", "Li", "Reader", "Reader 2"),
    ("Li",),
    ("Operator",),
)


@dataclass(frozen=True)
class Utterance:
    samples: Samples
    spans: tuple[tuple[float, float], ...]


def utterances(person: str, rng: np.random.Generator) -> list[Utterance]:
    """What somebody says, cut at pauses into stretches of 1 to 6 s, in any order, all about as loud."""
    found: list[Utterance] = []
    for name in PEOPLE[person]:
        clip = read_clip(next(SPEECH.glob(f"{name}.*")), sample_rate=RATE)
        spans = speech_spans(clip, min_pause_seconds=0.2, pad_seconds=0.0)
        while spans:
            longest = rng.choice([1.0, 2.5, 4.5, 6.0])
            taken = [span for span in spans if span.end - spans[0].start <= longest] or spans[:1]
            spans = spans[len(taken) :]
            first = round(max(0.0, taken[0].start - 0.05) * RATE)
            samples = clip.samples[first : round((taken[-1].end + 0.05) * RATE)]
            level = 10 ** (rng.uniform(-27, -21) / 20) / np.sqrt(np.mean(samples**2))
            times = tuple((span.start - first / RATE, span.end - first / RATE) for span in taken)
            found.append(Utterance((samples * level).astype(np.float32), times))
    rng.shuffle(found)  # pyright: ignore[reportArgumentType]
    return found


def conversation(cast: tuple[str, ...], seed: int, *, overlapping: float = 1 / 6) -> tuple[Samples, list[Turn]]:
    """About a minute and a half, and who speaks when in it."""
    rng = np.random.default_rng(seed)
    left = {person: utterances(person, rng) for person in cast}
    sound, turns = np.zeros(120 * RATE, np.float32), list[Turn]()
    end, last, last_seconds = 0.5, "", 0.0
    while end < 90 and (able := [person for person in cast if left[person] and (person != last or len(cast) == 1)]):
        weights = np.array([len(left[person]) for person in able])
        person = str(rng.choice(able, p=weights / weights.sum()))
        said = left[person].pop()
        seconds = said.samples.size / RATE
        early = last and len(cast) > 1 and rng.random() < overlapping
        start = (
            end - min(rng.uniform(0.5, 2), 0.7 * last_seconds, 0.7 * seconds) if early else end + rng.uniform(0.1, 1.2)
        )
        sound[round(start * RATE) :][: said.samples.size] += said.samples
        turns += [Turn(start=start + first, end=start + after, speaker=person) for first, after in said.spans]
        end, last, last_seconds = max(end, start + seconds), person, seconds
    return sound[: round((end + 0.5) * RATE)], turns


def in_a_room(samples: Samples) -> Samples:
    """The same from across a room, with noise 15 dB below the speech."""
    response = read_clip(SPEECH / "rir" / "sb_rir2.flac", sample_rate=RATE).samples
    noise = np.random.default_rng(0).normal(0, 0.1, samples.size).astype(np.float32)
    return mix_at_snr(reverberate(samples, response), noise, 15.0, RATE).samples


def parts_of_error(reference: list[Turn], found: list[Turn], collar: float) -> np.ndarray:
    """Seconds of speech, missed, false alarm and confused, by pyannote.metrics; overlaps are scored too."""
    rate = DiarizationErrorRate(collar=2 * collar)  # its collar is the whole width around a boundary
    end = max(turn.end for turn in [*reference, *found]) + 1
    parts = rate(annotation(reference), annotation(found), uem=Timeline([Segment(0, end)]), detailed=True)
    return np.array([parts[name] for name in ("total", "missed detection", "false alarm", "confusion")])


def annotation(turns: list[Turn]) -> Annotation:
    made = Annotation()
    for index, turn in enumerate(turns):
        made[Segment(turn.start, turn.end), index] = turn.speaker
    return made


def overlap_seconds(turns: list[Turn]) -> tuple[float, Timeline]:
    timeline = annotation(turns).get_overlap()
    return timeline.duration(), timeline


def rate(parts: np.ndarray) -> str:
    return " | ".join(f"{100 * part / parts[0]:.1f}" for part in (parts[1:].sum(), *parts[1:]))


def heard(samples: Samples) -> tuple[Voices, float]:
    start = time.process_time()
    clip = AudioClip(samples=samples, sample_rate=RATE)
    return hear_voices([clip.samples]), time.process_time() - start


def rows(casts: tuple[tuple[str, ...], ...]) -> Iterator[tuple[str, tuple[str, ...], list[Turn], Voices]]:
    spent = lasted = 0.0
    for seed, cast in enumerate(casts, start=100):
        dry, turns = conversation(cast, seed)
        for condition, samples in (("dry", dry), ("room", in_a_room(dry))):
            voices, seconds = heard(samples)
            spent, lasted = spent + seconds, lasted + voices.duration
            yield condition, cast, turns, voices
    print(f"\n{lasted:.0f} s heard in {spent:.0f} s of one processor: {spent / lasted:.3f} of real time.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    casts = CASTS[:2] if parser.parse_args().quick else CASTS
    torch.set_num_threads(1)
    sums: dict[tuple[str, str, float], np.ndarray] = {}
    right: dict[str, list[bool]] = {"dry": [], "room": []}
    overlaps = np.zeros(3)
    print("| speakers | condition | DER, number given | estimated | number estimated |\n|---|---|---|---|---|")
    for condition, cast, turns, voices in rows(casts):
        shown: list[str] = []
        for told, count in (("given", len(cast)), ("estimated", "auto")):
            found = turns_among(voices, speakers=count)  # pyright: ignore[reportArgumentType]
            for collar in (0.25, 0.0):
                parts = parts_of_error(turns, found, collar)
                sums[condition, told, collar] = sums.get((condition, told, collar), np.zeros(4)) + parts
                if collar:
                    shown.append(f"{100 * parts[1:].sum() / parts[0]:.1f} %")
            if told == "given":
                (true, where), (said, there) = overlap_seconds(turns), overlap_seconds(found)
                overlaps += (true, said, where.crop(there).duration())
        number = len({turn.speaker for turn in found})
        right[condition].append(number == len(cast))
        print(f"| {', '.join(cast)} | {condition} | {' | '.join(shown)} | {number} of {len(cast)} |", flush=True)
    print("\n| condition | number | collar | DER % | missed | false alarm | confusion |\n|---|---|---|---|---|---|---|")
    for (condition, told, collar), parts in sorted(sums.items()):
        print(f"| {condition} | {told} | {collar:g} s | {rate(parts)} |")
    for condition, hits in right.items():
        print(f"{condition}: number of speakers right in {sum(hits)} of {len(hits)}.")
    print(f"Overlap: {overlaps[0]:.1f} s true, {overlaps[1]:.1f} s marked, {overlaps[2]:.1f} s of them right.")


if __name__ == "__main__":
    main()
