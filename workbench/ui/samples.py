"""One recording of each shipped set, to try the page with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.evalsets import find_set
from workbench.settings import Settings
from workbench.storage import replace_file, told
from workbench.ui.language import phrase, tell

SAMPLES = "samples"
"""The folder of copies in the private one."""

_CHOSEN = (
    (phrase("English"), "english-demo", "e25"),
    (phrase("Mandarin"), "mandarin-demo", "m25"),
    (phrase("Cantonese"), "cantonese-demo", "c26"),
    (phrase("Mixed"), "code-mixed-demo", "x25"),
    (phrase("Noisy"), "noisy-demo", "e10-babble-05db"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A labelled recording.

    Attributes:
        label: As a button says it.
        path: The recording.
        reference: What is said in it.
    """

    label: str
    path: Path
    reference: str


def find_samples(settings: Settings) -> tuple[Sample, ...]:
    """Those whose set is here; where the chosen recording is not, the set's first."""
    return tuple(sample for chosen in _CHOSEN if (sample := _find(*chosen, settings)) is not None)


def _find(label: str, set_name: str, item_id: str, settings: Settings) -> Sample | None:
    try:
        items = find_set(set_name, settings).items
    except WorkbenchError:
        return None
    item = next((item for item in items if item.id == item_id), items[0])
    if not item.audio.is_file():
        return None
    return Sample(label=tell(label), path=item.audio, reference=item.reference)


def copy_sample(sample: Sample, folder: Path) -> Path:
    """A copy in the page's own folder, for a control that shows only files in it; it is made once."""
    copy = folder / SAMPLES / sample.path.name
    if not copy.is_file():
        with told(copy.name):
            copy.parent.mkdir(exist_ok=True, mode=0o700)
            replace_file(copy, sample.path.read_bytes())
    return copy
