"""What can be done to a recording before an engine hears it, by kind; docs/preprocessing.md measures each."""

from workbench.audio.effects.codecs import Amr, Mp3, Opus, Telephone
from workbench.audio.effects.denoise import DeepFilterNet, RNNoise, Spectral
from workbench.audio.effects.dynamics import Compressor, Declip, Dynaudnorm
from workbench.audio.effects.filters import Dehum, Highpass, Lowpass
from workbench.audio.effects.levels import Gain, Loudness
from workbench.audio.effects.step import BlockStep, Step, parameter
from workbench.audio.effects.timing import Resample, Speed, Trim, Vad, frame_powers

STEPS: tuple[type[Step], ...] = (
    Highpass,
    Lowpass,
    Dehum,
    Declip,
    DeepFilterNet,
    RNNoise,
    Spectral,
    Compressor,
    Dynaudnorm,
    Gain,
    Loudness,
    Resample,
    Trim,
    Vad,
    Speed,
    Mp3,
    Opus,
    Amr,
    Telephone,
)
"""Every version of every step: what mends first, what degrades last."""

__all__ = [
    "STEPS",
    "Amr",
    "BlockStep",
    "Compressor",
    "Declip",
    "DeepFilterNet",
    "Dehum",
    "Dynaudnorm",
    "Gain",
    "Highpass",
    "Loudness",
    "Lowpass",
    "Mp3",
    "Opus",
    "RNNoise",
    "Resample",
    "Spectral",
    "Speed",
    "Step",
    "Telephone",
    "Trim",
    "Vad",
    "frame_powers",
    "parameter",
]
