"""How near `workbench estimate` comes: predicted against actual time and memory, each in the same minutes.

    python scripts/measure_estimate.py [--engine builtin] [--rounds 3] [--limit 10]

Runs go to a temporary home. Each set is estimated from a probe, run, estimated from the stored runs, and run again; a
recording made of the demo sets is estimated from a probe and transcribed. Ratios are predicted / actual.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from workbench import services
from workbench.audio.io import write_clip
from workbench.engines.pool import EnginePool
from workbench.evalsets.load import find_set
from workbench.pipeline.measurement import Measurement
from workbench.runs.estimate import Estimate
from workbench.runs.probe import gather_speech
from workbench.settings import Settings

SETS = ("english-demo", "mandarin-demo", "cantonese-demo")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="builtin")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=90.0)
    arguments = parser.parse_args()
    print("what\tsource\tpredicted s\trange\tactual s\tratio\tin range\tprocessor ratio\tpeak ratio")
    with tempfile.TemporaryDirectory() as home:
        settings = replace(Settings.from_env(), home=Path(home))
        link_models(settings)
        for _ in range(arguments.rounds):
            for line in measure(settings, arguments):
                print(line, flush=True)


def link_models(settings: Settings) -> None:
    """The models of the real home, so that none is fetched or assembled again."""
    models = Settings.from_env().models
    if models.is_dir():
        settings.models.symlink_to(models)


def measure(settings: Settings, arguments: argparse.Namespace) -> Iterator[str]:
    pool = EnginePool(settings)
    for name in SETS:
        chosen = {"engine": arguments.engine, "limit": arguments.limit, "pool": pool}
        for source in ("probe", "runs"):
            predicted = services.estimate(sets=name, probe=source == "probe", **chosen)
            cost = services.bench(name, on_existing="again", **chosen).measurement
            assert cost is not None
            yield row(name, predicted, cost)
    recording = settings.home / "recording.wav"
    write_clip(gather_speech(find_set(SETS[0], settings).items, arguments.seconds, sample_rate=16_000), recording)
    predicted = services.estimate(arguments.engine, seconds=arguments.seconds, probe=True, pool=pool)
    cost = services.transcribe(recording, engine=arguments.engine, pool=pool, resume=False).measurement
    assert cost is not None
    yield row("recording", predicted, cost)
    pool.unload()


def row(name: str, predicted: Estimate, cost: Measurement) -> str:
    (low, high), wall, peak = predicted.wall_range, cost.wall_seconds, cost.peak_rss_bytes
    peaks = "–" if peak is None or predicted.peak_rss_bytes is None else f"{predicted.peak_rss_bytes / peak:.2f}"
    return (
        f"{name}\t{predicted.source}\t{predicted.wall_seconds:.1f}\t{low:.1f} … {high:.1f}\t{wall:.1f}\t"
        f"{predicted.wall_seconds / wall:.2f}\t{'yes' if low <= wall <= high else 'no'}\t"
        f"{predicted.cpu_seconds / cost.cpu_seconds:.2f}\t{peaks}"
    )


if __name__ == "__main__":
    main()
