"""The meter, against known work and a faithful fake of torch.cuda."""

from __future__ import annotations

import gc
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.engines import gauges
from workbench.engines.gauges import KernelPeakRss, SampledPeak, TorchCuda
from workbench.pipeline.measurement import Measurement, combined
from workbench.pipeline.meter import Meter, shared_by_length


class FakeCuda:
    """torch.cuda as its documentation has it: events have a time only once the device has come to them.

    Work is queued, not done; `synchronize` does it. Elapsed time is in milliseconds. Peaks are of the allocator since
    the last reset, and a reset starts from what is allocated now.
    """

    def __init__(self) -> None:
        self.clock_ms = 0.0
        self.allocated = 1_000
        self.reserved = 2_000
        self.queue: list[Any] = []
        self.peak_allocated = self.peak_reserved = 0
        cuda = self

        class Event:
            def __init__(self, enable_timing: bool = False) -> None:
                self.timed, self.at = enable_timing, None

            def record(self) -> None:
                cuda.queue.append(self)

            def elapsed_time(self, end: Any) -> float:
                if not (self.timed and end.timed):
                    raise RuntimeError("Both events must be created with argument 'enable_timing=True'.")
                if self.at is None or end.at is None:
                    raise RuntimeError("Both events must be completed before calculating elapsed time.")
                return end.at - self.at

        self.Event = Event

    def kernel(self, milliseconds: float, allocates: int = 0) -> None:
        self.queue.append((milliseconds, allocates))

    def synchronize(self, device: str) -> None:
        for entry in self.queue:
            if isinstance(entry, tuple):
                self.clock_ms += entry[0]
                self.peak_allocated = max(self.peak_allocated, self.allocated + entry[1])
                self.peak_reserved = max(self.peak_reserved, self.reserved + 2 * entry[1])
            else:
                entry.at = self.clock_ms
        self.queue.clear()

    def reset_peak_memory_stats(self, device: str) -> None:
        self.peak_allocated, self.peak_reserved = self.allocated, self.reserved

    def max_memory_allocated(self, device: str) -> int:
        return self.peak_allocated

    def max_memory_reserved(self, device: str) -> int:
        return self.peak_reserved


def cuda_meter(cuda: FakeCuda) -> Meter:
    made = Meter("cpu")
    made._gauges.append(TorchCuda("cuda:0", cuda))
    return made


def test_gpu_seconds_are_those_of_the_work_alone() -> None:
    cuda = FakeCuda()
    cuda.kernel(5_000, allocates=50_000)  # somebody else's work, queued before: neither its time nor its memory is ours
    with cuda_meter(cuda).measure(audio_seconds=2) as reading:
        cuda.kernel(250, allocates=3_000)
    assert reading.result.gpu_seconds == pytest.approx(0.25)
    assert reading.result.peak_gpu_bytes == 4_000
    assert reading.result.peak_gpu_reserved_bytes == 8_000


def test_each_block_has_its_own_gpu_peak() -> None:
    cuda = FakeCuda()
    measured = cuda_meter(cuda)
    peaks = []
    for allocates in (9_000, 100):
        with measured.measure(audio_seconds=1) as reading:
            cuda.kernel(1, allocates=allocates)
        peaks.append(reading.result.peak_gpu_bytes)
    assert peaks == [10_000, 1_100]


def test_without_a_gpu_its_figures_are_none_not_zero() -> None:
    with Meter("cpu").measure(audio_seconds=1) as reading:
        pass
    measured = reading.result
    assert measured.gpu_seconds is None
    assert (measured.peak_gpu_bytes, measured.peak_gpu_reserved_bytes, measured.peak_gpu_process_bytes) == (None,) * 3


def test_wall_and_cpu_seconds_tell_sleep_from_work() -> None:
    with Meter().measure(audio_seconds=1) as asleep:
        time.sleep(0.1)
    with Meter().measure(audio_seconds=1) as awake:
        end = time.process_time() + 0.1
        while time.process_time() < end:
            pass
    assert asleep.result.wall_seconds >= 0.1
    assert asleep.result.cpu_seconds < 0.05
    assert awake.result.cpu_seconds >= 0.1


@pytest.mark.skipif(not gauges._STATUS.exists(), reason="needs Linux's /proc")
def test_a_passing_peak_of_memory_is_seen_and_then_forgotten() -> None:
    measured = Meter()
    measured._gauges = [KernelPeakRss()]
    gc.collect()  # other tests' garbage must not go away in the middle of this one
    with measured.measure(audio_seconds=1) as before:
        pass
    with measured.measure(audio_seconds=1) as during:
        block = np.ones(50_000_000)  # 400 MB, touched, and given back at once
        del block
    with measured.measure(audio_seconds=1) as after:
        pass
    peaks = [reading.result.peak_rss_bytes or 0 for reading in (before, during, after)]
    assert peaks[0] > 0
    assert peaks[1] - peaks[0] > 250_000_000
    assert peaks[1] - peaks[2] > 250_000_000


def test_a_figure_that_nobody_keeps_the_peak_of_is_sampled() -> None:
    now = [100]
    measured = Meter()
    measured._gauges = [SampledPeak("peak_gpu_process_bytes", lambda: now[0])]
    with measured.measure(audio_seconds=1) as during:
        now[0] = 900
        time.sleep(0.2)
        now[0] = 50
    with measured.measure(audio_seconds=1) as after:
        pass
    assert during.result.peak_gpu_process_bytes == 900
    assert after.result.peak_gpu_process_bytes == 50


def test_a_sampled_figure_that_cannot_be_had_is_none() -> None:
    measured = Meter()
    measured._gauges = [SampledPeak("peak_gpu_process_bytes", lambda: None)]
    with measured.measure(audio_seconds=1) as reading:
        pass
    assert reading.result.peak_gpu_process_bytes is None


def test_a_block_that_fails_is_measured_too() -> None:
    with pytest.raises(ZeroDivisionError), Meter().measure(audio_seconds=1) as reading:
        1 / 0  # noqa: B018
    assert reading.result.wall_seconds >= 0


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=8), st.floats(0.001, 1000))
def test_shares_of_a_batch_add_up_and_say_that_they_are_shares(seconds: list[float], wall: float) -> None:
    whole = Measurement(wall_seconds=wall, cpu_seconds=wall / 2, audio_seconds=sum(seconds), peak_rss_bytes=7)
    shares = shared_by_length(whole, seconds)
    together = combined(shares)
    assert together is not None
    assert together.wall_seconds == pytest.approx(wall)
    assert together.audio_seconds == pytest.approx(sum(seconds))
    assert together.gpu_seconds is None
    assert together.peak_rss_bytes == 7
    assert {share.kind for share in shares} == {"single" if len(seconds) == 1 else "amortised"}


def test_a_time_that_is_missing_once_is_missing_in_the_sum() -> None:
    known = Measurement(wall_seconds=1, cpu_seconds=1, gpu_seconds=0.5, audio_seconds=1)
    unknown = Measurement(wall_seconds=1, cpu_seconds=1, audio_seconds=1)
    assert combined([known, known]).gpu_seconds == 1  # pyright: ignore[reportOptionalMemberAccess]
    assert combined([known, unknown]).gpu_seconds is None  # pyright: ignore[reportOptionalMemberAccess]
    assert combined([]) is None
