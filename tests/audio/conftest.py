"""Sound made at test time, so that no recording lies in the repository."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

Encode = Callable[..., Path]
MakeSound = Callable[..., NDArray[np.float32]]


@pytest.fixture(scope="session")
def make_sound() -> MakeSound:
    """Noise in the band of speech, float32 (n, channels), each channel of its own."""

    def make(seconds: float, rate: int = 48_000, channels: int = 1, seed: int = 0) -> NDArray[np.float32]:
        noise = np.random.default_rng(seed).normal(0, 0.3, (round(seconds * rate), channels))
        band = butter(4, [200, 3000], "bandpass", fs=rate, output="sos")
        return np.asarray(sosfilt(band, noise, axis=0), dtype=np.float32)

    return make


@pytest.fixture(scope="session")
def encode() -> Encode:
    """Write float32 (n, channels) with PyAV: another program's work than the decoder under test."""

    def write(
        path: Path,
        sound: NDArray[np.float32],
        *,
        codec: str,
        rate: int = 48_000,
        layout: str = "mono",
        with_video: bool = False,
        options: dict[str, str] | None = None,
    ) -> Path:
        with av.open(str(path), "w", options=options or {}) as container:
            stream = container.add_stream(codec, rate=rate, layout=layout)
            stream.bit_rate = 12_200 if codec == "libopencore_amrnb" else 64_000 * sound.shape[1]
            video = container.add_stream("mpeg4", rate=25) if with_video else None
            if video is not None:
                video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
                for index in range(round(25 * len(sound) / rate)):
                    picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), index % 255, np.uint8), format="rgb24")
                    picture.pts = index
                    container.mux(video.encode(picture))
                container.mux(video.encode(None))
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound.reshape(1, -1)), format="flt", layout=layout)
            frame.sample_rate, frame.pts = rate, 0
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return write


@pytest.fixture(scope="session")
def likeness() -> Callable[[NDArray[np.float32], NDArray[np.float32]], tuple[float, int]]:
    """The highest correlation of two recordings and the delay of the second in samples at which it is reached."""

    def compare(first: NDArray[np.float32], second: NDArray[np.float32]) -> tuple[float, int]:
        n = min(first.size, second.size)
        a, b = first[:n].astype(np.float64), second[:n].astype(np.float64)
        spectrum = np.fft.rfft(b, 2 * n) * np.conj(np.fft.rfft(a, 2 * n))
        correlation = np.fft.irfft(spectrum) / np.sqrt((a @ a) * (b @ b))
        best = int(np.argmax(correlation))
        return float(correlation[best]), best if best < n else best - 2 * n

    return compare
