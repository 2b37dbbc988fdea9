"""A few hundred mutants of recordings in every format; scripts/fuzz_audio.py makes as many as one likes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fuzz_audio import DEADLINE_SECONDS, MUTATIONS, fuzz, make_mutants
from sound_files import FORMATS, make_seeds

MEMORY_BYTES = 512e6


@pytest.mark.slow
def test_every_mutant_is_decoded_or_refused_in_a_sentence(tmp_path: Path) -> None:
    pid = os.getpid()
    report = fuzz(tmp_path, count=300, seconds=120, seed=7)
    assert report.faults == []
    assert report.count == 300
    assert os.getpid() == pid
    assert report.longest_seconds < DEADLINE_SECONDS
    assert 0 < report.peak_bytes < MEMORY_BYTES
    assert len(report.outcomes) >= 5, "mutants that all end the same way test nothing"
    assert set(report.by_mutation) == {mutation.__name__ for mutation in MUTATIONS}


def test_mutants_follow_from_their_numbers(tmp_path: Path) -> None:
    seeds = {name: path.read_bytes() for name, path in make_seeds(tmp_path, 0.2, ("wav", "mp3", "opus")).items()}
    first, again, later = make_mutants(seeds, 1), make_mutants(seeds, 1), make_mutants(seeds, 1, start=3)
    mutants = [next(first) for _ in range(6)]
    assert mutants == [next(again) for _ in range(6)]
    assert mutants[3:] == [next(later) for _ in range(3)]
    assert len(FORMATS) >= 20
