"""Any system's texts: a file of references and one of hypotheses, paired and scored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workbench.errors import RunError
from workbench.runs.hypotheses import TextFile, read_texts
from workbench.runs.matching import Known, match
from workbench.scoring.score import Score, score
from workbench.text.rulers import Ruler


@dataclass(frozen=True, slots=True, kw_only=True)
class TextScore:
    """Hypotheses scored against references.

    Attributes:
        score: The measures over the pairs.
        missing: Ids with a reference and no hypothesis: scored as empty, so that leaving out is not rewarded.
        unexpected: Ids with a hypothesis and no reference; not scored.
    """

    score: Score
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]


def score_files(references: Path, hypotheses: Path, *, ruler: Ruler) -> TextScore:
    """Score one file of texts against another, paired by id as `runs.matching` says.

    Args:
        references: JSON Lines, CSV, TSV, trn, CTM or a NeMo manifest, by its name; see `runs.hypotheses`.
        hypotheses: The same, not necessarily in the same format.
        ruler: Applied to both.

    Raises:
        UsageError: A file is missing, or its name does not say what it is.
        ManifestError: Lines that cannot be used, ids that are there twice or are in doubt; all are listed.
        RunError: Not one id is in both.
    """
    expected, heard = read_texts(references, side="reference"), read_texts(hypotheses)
    found = match(_known(expected), heard)
    if not found.texts:
        raise RunError(
            f"{references.name} and {hypotheses.name} have no id in common.", hint="Both need the same ids in 'id'."
        )
    texts = {name: one.text for name, one in found.texts.items()}
    return TextScore(
        score=score([(one.id, one.text, texts.get(one.id, "")) for one in expected.texts], ruler),
        missing=found.missing,
        unexpected=tuple(one.id for one in found.unknown),
    )


def _known(file: TextFile) -> Known:
    return Known((one.id, one.id if one.by_recording else "") for one in file.texts)
