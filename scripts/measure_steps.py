"""What each step of a chain does to sound, what it costs, and whether denoising helps an engine.

    python scripts/measure_steps.py steps MANIFEST
    python scripts/measure_steps.py denoise MANIFEST [--category english --category mandarin] [--limit 10]
    python scripts/measure_steps.py memory [--hours 3] CHAIN [CHAIN …]

MANIFEST is JSON Lines with `audio_filepath`, `text`, `duration`, `language` and `category`; clips of the category
`noise` are mixed into the others. Put WORKBENCH_HOME into a folder of its own: `denoise` stores runs.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from workbench import services
from workbench.audio.clip import AudioClip, Samples
from workbench.audio.io import read_clip
from workbench.audio.loudness import LoudnessMeter
from workbench.audio.mix import mains_hum, mix_at_snr
from workbench.audio.steps import list_steps, parse_chain
from workbench.audio.stream import SoundStream
from workbench.audio.streamed_chain import stream_chain
from workbench.runs.records import RunStarted

RATE = 16_000
DENOISERS = ("spectral", "rnnoise", "deepfilternet")
SPEECH = ("english", "mandarin", "cantonese")


def clips_of(manifest: Path, categories: Sequence[str], limit: int | None) -> list[tuple[dict[str, str], AudioClip]]:
    """So many of each category: the shortest that last three seconds and more."""
    rows = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    rows = sorted((row for row in rows if row["duration"] >= 3), key=lambda row: row["duration"])
    chosen = [row for one in categories for row in [row for row in rows if row["category"] == one][:limit]]
    return [(row, read_clip(manifest.parent / row["audio_filepath"])) for row in chosen]


def delay(first: Samples, second: Samples) -> float:
    """Samples by which the second is late, from 1 to 3 kHz."""
    band = butter(4, [1000, 3000], "bandpass", fs=RATE, output="sos")
    a, b = sosfiltfilt(band, first), sosfiltfilt(band, second)
    products = np.fft.irfft(np.fft.rfft(b, 2 * a.size) * np.conj(np.fft.rfft(a, 2 * a.size)))
    best = int(np.argmax(products))
    return best if best < a.size else best - 2 * a.size


def si_sdr(reference: Samples, found: Samples) -> float:
    """In dB; Le Roux et al., 2019."""
    target, heard = (one.astype(np.float64) - one.mean(dtype=np.float64) for one in (reference, found))
    target *= (heard @ target) / (target @ target)
    return 10 * float(np.log10((target @ target) / np.square(heard - target).sum()))


def seconds_of(chain: str, clips: Sequence[AudioClip]) -> float:
    """Processor time of this process, the best of several, after one that loads what is loaded once."""
    step = parse_chain(chain)
    step.apply(clips[0])
    found: list[float] = []
    while len(found) < 2 or (len(found) < 15 and sum(found) < 1):
        began = time.process_time()
        for clip in clips:
            step.apply(clip)
        found.append(time.process_time() - began)
    return min(found)


def report_costs(clips: Sequence[AudioClip]) -> None:
    length = sum(clip.duration for clip in clips)
    base = seconds_of("highpass", clips)
    print(f"{len(clips)} clips, {length:.0f} s; highpass takes {base / length:.5f} of real time\n")
    print("| step | length | delay (samples at 16 kHz) | processor time / that of highpass |\n|---|---|---|---|")
    for step in list_steps():
        changed = [parse_chain(step.name).apply(clip) for clip in clips]
        kept = all(after.samples.size == clip.samples.size for clip, after in zip(clips, changed, strict=True))
        late = "–"
        if kept:
            delays = [delay(clip.samples, after.samples) for clip, after in zip(clips, changed, strict=True)]
            late = f"{np.median(delays):g} ({min(delays):g} … {max(delays):g})"
        ratio = seconds_of(step.name, clips) / base
        print(f"| {step.name} | {'kept' if kept else 'changed'} | {late} | {ratio:.1f} |", flush=True)


def tone_change(chain: str, hertz: float) -> float:
    """Of the level of a tone, in dB, after the first second."""
    tone = 0.25 * np.sin(2 * np.pi * hertz * np.arange(4 * RATE) / RATE)
    after = parse_chain(chain).apply(AudioClip(samples=tone.astype(np.float32), sample_rate=RATE)).samples
    return 20 * float(np.log10(np.std(after[RATE:-RATE]) / np.std(tone[RATE:-RATE]) + 1e-6))


def report_effects(clips: Sequence[AudioClip]) -> None:
    print("\nLevel of a tone after the step, dB")
    for chain, tones in {
        "highpass": (50, 80, 160, 1000),
        "lowpass": (1000, 3700, 4000, 4300),
        "dehum:base_hz=50": (50, 150, 500, 75, 1000),
        "telephone": (100, 300, 1000, 3400, 3700),
    }.items():
        print(f"  {chain}: " + ", ".join(f"{hertz} Hz {tone_change(chain, hertz):.1f}" for hertz in tones))
    whole = [clip for clip in clips if clip.duration > 4]
    hum = mains_hum(60 * RATE, RATE, seed=0)
    with_hum = [clip.with_samples(clip.samples + 0.3 * hum[: clip.samples.size]) for clip in whole]
    report_gain("dehum, speech with 50 Hz hum", whole, with_hum, "dehum")
    limits = [np.abs(clip.samples).max() / 2 for clip in clips]
    clipped = [clip.with_samples(np.clip(clip.samples, -one, one)) for clip, one in zip(clips, limits, strict=True)]
    report_gain("declip, speech 6 dB too loud", clips, clipped, "declip")
    peaks = [20 * np.log10(np.abs(parse_chain("gain").apply(clip).samples).max()) for clip in clips]
    print(f"  gain: peaks from {min(peaks):.3f} to {max(peaks):.3f} dBFS")
    loud = [parse_chain("loudness").apply(clip) for clip in clips]
    reached = [LoudnessMeter.of(clip.samples, RATE).integrated for clip in loud if not clip.warnings]
    print(
        f"  loudness: {len(reached)} of {len(loud)} from {min(reached):.2f} to {max(reached):.2f} LUFS, others limited"
    )
    for chain in ("compressor", "dynaudnorm"):
        spreads = [np.median([level_spread(parse_chain(one).apply(clip)) for clip in clips]) for one in ("", chain)]
        print(f"  {chain}: loud over middling frames {spreads[0]:.1f} → {spreads[1]:.1f} dB")


def level_spread(clip: AudioClip) -> float:
    """From the median to the 99th percentile of the levels of 20 ms, in dB."""
    frames = np.square(clip.samples[: clip.samples.size // 320 * 320].reshape(-1, 320)).mean(axis=1)
    return float(np.ptp(np.percentile(10 * np.log10(frames + 1e-12), [50, 99])))


def report_gain(name: str, clean: Sequence[AudioClip], spoilt: Sequence[AudioClip], chain: str) -> None:
    before = [si_sdr(one.samples, other.samples) for one, other in zip(clean, spoilt, strict=True)]
    mended = [parse_chain(chain).apply(clip) for clip in spoilt]
    after = [si_sdr(one.samples, other.samples) for one, other in zip(clean, mended, strict=True)]
    worse = sum(one < other for one, other in zip(after, before, strict=True))
    medians = f"{np.median(before):.1f} → {np.median(after):.1f} dB"
    print(f"  {name}: SI-SDR, median of {len(before)}, {medians}; worse in {worse}")


def noisy(clips: Sequence[AudioClip], noises: Sequence[Samples], snr: float) -> tuple[list[AudioClip], list[AudioClip]]:
    """The clips as they lie in the mixtures, and the mixtures."""
    mixtures = [
        mix_at_snr(clip.samples, noises[place % len(noises)], snr, RATE, seed=place) for place, clip in enumerate(clips)
    ]
    clean = [clip.with_samples(clip.samples * np.float32(one.gain)) for clip, one in zip(clips, mixtures, strict=True)]
    return clean, [clip.with_samples(one.samples) for clip, one in zip(clips, mixtures, strict=True)]


def noises_of(manifest: Path) -> list[Samples]:
    """White noise, and what the manifest has of ten seconds and more."""
    white = np.random.default_rng(0).normal(0, 0.1, 60 * RATE).astype(np.float32)
    return [white, *(clip.samples for _, clip in clips_of(manifest, ["noise"], None) if clip.duration >= 10)]


def steps(manifest: Path, limit: int) -> None:
    clips = [clip for _, clip in clips_of(manifest, SPEECH, limit)]
    report_costs(clips)
    report_effects(clips)
    noises = noises_of(manifest)
    for snr in (5, 15):
        clean, mixtures = noisy(clips, noises, snr)
        for chain in DENOISERS:
            report_gain(f"{chain}, {snr} dB", clean, mixtures, chain)


def denoise(manifest: Path, categories: Sequence[str], limit: int) -> None:
    """A table: error without and with each denoiser, by language and SNR."""
    noises = noises_of(manifest)
    print("| clips | SNR | chain | error | against none | 95 % interval | verdict |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for category in categories:
            found = clips_of(manifest, [category], limit)
            for snr in (15, 5):
                clips = noisy([clip for _, clip in found], noises, snr)[1]
                path = Path(folder) / f"{category}-{snr}"
                write_set(path, [row for row, _ in found], clips)
                report_runs(path, f"{len(clips)} {category}", f"{snr} dB")


def write_set(folder: Path, rows: Sequence[dict[str, str]], clips: Sequence[AudioClip]) -> None:
    folder.mkdir()
    lines: list[str] = []
    for place, (row, clip) in enumerate(zip(rows, clips, strict=True)):
        soundfile.write(folder / f"{place}.flac", np.clip(clip.samples, -1, 1), RATE, subtype="PCM_24")
        item = {"id": row["id"], "audio_filepath": f"{place}.flac", "text": row["text"], "language": row["language"]}
        lines.append(json.dumps(item, ensure_ascii=False))
    (folder / "manifest.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def report_runs(folder: Path, clips: str, snr: str) -> None:
    baseline = run_of(folder, "")
    for chain in ("", *DENOISERS):
        run = run_of(folder, chain)
        compared = services.compare(baseline, run)
        metric = compared.metrics[compared.headline]
        if not chain:
            print(f"| {clips} | {snr} | none | {compared.headline.upper()} {metric.a:.1%} | | | |", flush=True)
            continue
        low, high = metric.ci95 or (float("nan"), float("nan"))
        print(
            f"| | | {chain} | {metric.b:.1%} | {100 * metric.delta:+.1f} | {100 * low:+.1f} … {100 * high:+.1f} "
            f"| {metric.verdict} |",
            flush=True,
        )


def run_of(folder: Path, chain: str) -> str:
    """The run's name; one that exists is taken."""
    events = services.bench_events(str(folder / "manifest.jsonl"), chain=chain, options={"beam_size": 1})
    (name,) = [event.run_id for event in list(events) if isinstance(event, RunStarted)]
    return name


def memory(hours: float, chains: Sequence[str]) -> None:
    """Most memory while a stream goes through a chain; each chain in a process of its own."""
    for chain in chains:
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            continue
        sound = SoundStream(open=lambda: hum_and_noise(hours), sample_rate=RATE)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began, size, marks = time.process_time(), 0, list[int]()
        for block in stream_chain(parse_chain(chain), sound).open():
            size += block.size
            if size // RATE // 600 >= len(marks):
                marks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        spent = time.process_time() - began
        print(
            f"{chain}: {size / RATE:.0f} s in {spent:.0f} s; from {before // 1024} MiB; every ten minutes {marks} MiB"
        )
        os._exit(0)


def hum_and_noise(hours: float) -> Iterator[NDArray[np.float32]]:
    rng = np.random.default_rng(0)
    minute = rng.normal(0, 0.03, 60 * RATE).astype(np.float32) + 0.3 * mains_hum(60 * RATE, RATE, seed=0)
    for place in range(round(hours * 60)):
        yield from np.split(minute * np.float32(1 + 0.5 * (place % 2)), 60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("steps", "denoise"):
        one = verbs.add_parser(verb)
        one.add_argument("manifest", type=Path)
        one.add_argument("--limit", type=int, default=10, help="clips of each category")
        one.add_argument("--category", action="append")
    one = verbs.add_parser("memory")
    one.add_argument("--hours", type=float, default=3.0)
    one.add_argument("chains", nargs="+")
    chosen = parser.parse_args()
    if chosen.verb == "memory":
        memory(chosen.hours, chosen.chains)
    elif chosen.verb == "steps":
        steps(chosen.manifest, chosen.limit)
    else:
        denoise(chosen.manifest, chosen.category or ["english", "mandarin"], chosen.limit)


if __name__ == "__main__":
    main()
