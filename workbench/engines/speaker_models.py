"""The two networks that tell voices apart, loaded once in a process."""

from __future__ import annotations

from functools import lru_cache
from threading import Lock
from typing import NamedTuple

from workbench.engines.speaker_embedding import SpeakerEmbedding
from workbench.engines.speaker_segmentation import SpeakerSegmentation
from workbench.engines.speaker_weights import EMBEDDING, SEGMENTATION, weights_folder

_loading = Lock()


class SpeakerModels(NamedTuple):
    """Both keep no state between calls, so threads can share them. They run on the processor, beside any engine."""

    segmentation: SpeakerSegmentation
    embedding: SpeakerEmbedding


def speaker_models() -> SpeakerModels:
    """The networks; the first call reads and checks their weights (0.3 s).

    Raises:
        ModelMissing: The package that carries them is not installed.
        ModelDiffers: It holds other weights than it should.
    """
    with _loading:
        return _load()


@lru_cache(maxsize=1)
def _load() -> SpeakerModels:
    folder = weights_folder()
    return SpeakerModels(SpeakerSegmentation(folder / SEGMENTATION), SpeakerEmbedding(folder / EMBEDDING))
