"""How labelled recordings lie on people's disks: one reader a layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.errors import UnknownName
from workbench.evalsets.layouts.aishell import read_aishell, read_labels
from workbench.evalsets.layouts.hugging_face import read_audiofolder, read_fleurs
from workbench.evalsets.layouts.kaldi import read_kaldi
from workbench.evalsets.layouts.librispeech import read_librispeech
from workbench.evalsets.layouts.nemo import read_nemo
from workbench.evalsets.layouts.pairs import read_pairs, read_thchs30
from workbench.evalsets.layouts.parquet import read_parquet
from workbench.evalsets.layouts.reading import Reader
from workbench.evalsets.layouts.table import read_common_voice, read_table
from workbench.evalsets.layouts.textgrid import read_textgrids

__all__ = ["LAYOUTS", "Layout", "find_layout"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One way in which labelled recordings lie on a disk.

    Attributes:
        summary: What is in the folder, one clause.
        read: Its reader.
    """

    summary: str
    read: Reader


LAYOUTS: Mapping[str, Layout] = {
    "nemo": Layout(summary="JSON Lines with audio_filepath, text, duration, offset", read=read_nemo),
    "kaldi": Layout(summary="wav.scp, text (or trans.txt), segments, utt2…", read=read_kaldi),
    "common-voice": Layout(summary="test.tsv and clips/", read=read_common_voice),
    "audiofolder": Layout(summary="metadata.csv or metadata.jsonl with file_name", read=read_audiofolder),
    "parquet": Layout(summary="Parquet files of the Hugging Face hub, recordings inside", read=read_parquet),
    "fleurs": Layout(summary="test.tsv without a header and audio/test", read=read_fleurs),
    "aishell": Layout(summary="wav/test/SPEAKER and transcript/*.txt", read=read_aishell),
    "thchs30": Layout(summary="test/*.wav with .wav.trn", read=read_thchs30),
    "librispeech": Layout(summary="SPEAKER/CHAPTER with .trans.txt", read=read_librispeech),
    "table": Layout(summary="CSV, TSV or Excel with a header", read=read_table),
    "labels": Layout(summary="recordings and one file of ID and label: label, label.txt, text, …", read=read_labels),
    "pairs": Layout(summary="recordings with .txt, .lab or .trn of the same name", read=read_pairs),
    "textgrid": Layout(summary="recordings with a .TextGrid of the same name", read=read_textgrids),
}
"""By name, as `workbench sets import` takes it."""


def find_layout(name: str) -> Layout:
    """A layout by name.

    Raises:
        UnknownName: There is none of that name.
    """
    if name not in LAYOUTS:
        raise UnknownName("layout", name, LAYOUTS)
    return LAYOUTS[name]
