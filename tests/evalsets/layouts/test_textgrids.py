"""TextGrids as Praat writes them; the files here were typed after its manual, and lie as WSYue-ASR-eval's long half."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.errors import ManifestError
from workbench.evalsets.draft import Imported
from workbench.evalsets.layouts.textgrid import read_tiers
from workbench.evalsets.load import find_set
from workbench.settings import Settings

from .conftest import record, write

Import = Callable[..., Imported]


def grid(tiers: dict[str, list[str]]) -> str:
    """A TextGrid in the long text format, a second an interval."""
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", "xmax = 9", "tiers? <exists>"]
    lines += [f"size = {len(tiers)}", "item []:"]
    for number, (name, texts) in enumerate(tiers.items(), start=1):
        lines += [f"    item [{number}]:", '        class = "IntervalTier"', f'        name = "{name}"']
        lines += ["        xmin = 0", "        xmax = 9", f"        intervals: size = {len(texts)}"]
        for place, text in enumerate(texts):
            said = text.replace('"', '""')
            lines += [
                f"        intervals [{place + 1}]:",
                f"            xmin = {place}",
                f"            xmax = {place + 1}",
            ]
            lines += [f'            text = "{said}"']
    return "\n".join(lines) + "\n"


LONG = {"说话人": ["A"], "文本": ["我哋去", "", "Hong Kong", "，好唔好"], "性别": ["女"]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_tier_that_holds_text_is_the_label(
    bring_in: Import, tmp_path: Path, settings: Settings, encoding: str
) -> None:
    record(tmp_path / "Long" / "wav" / "0000093541.wav")
    (tmp_path / "Long" / "TextGrid").mkdir()
    (tmp_path / "Long" / "TextGrid" / "0000093541.TextGrid").write_text(grid(LONG), encoding=encoding)
    bring_in("textgrid", tmp_path / "Long", language="yue", name="long")
    (item,) = find_set("long", settings).items
    assert (item.id, item.reference, item.language) == ("0000093541", "我哋去Hong Kong，好唔好", "yue")


def test_another_tier_by_name_and_words_apart(bring_in: Import, tmp_path: Path, settings: Settings) -> None:
    record(tmp_path / "g" / "a.wav")
    write(tmp_path / "g" / "a.TextGrid", grid({"phones": ["h"], "said": ['he said "no"', "twice\nor more"]}))
    bring_in("textgrid", tmp_path / "g", columns={"text": "said"}, name="g")
    assert find_set("g", settings).items[0].reference == 'he said "no" twice or more'


def test_what_has_no_partner_or_no_label_is_refused(bring_in: Import, tmp_path: Path) -> None:
    root = tmp_path / "g"
    for name in ("alone", "blank", "short", "two", "x/twice", "y/twice"):
        record(root / f"{name}.wav", seed=len(name))
    write(root / "gone.TextGrid", grid({"text": ["x"]}))
    write(root / "blank.TextGrid", grid({"text": ["", " "]}))
    write(root / "short.TextGrid", 'File type = "ooTextFile"', '"TextGrid"', "0", "9", "<exists>", "1", '"x"')
    write(root / "two.TextGrid", grid({"one": ["x"], "other": ["y"]}))
    write(root / "z" / "twice.TextGrid", grid({"text": ["x"]}))
    with pytest.raises(ManifestError) as caught:
        bring_in("textgrid", root)
    assert set(caught.value.faults) == {
        "alone.wav: no alone.TextGrid",
        "blank.TextGrid: the label is empty",
        "gone.TextGrid: no recording named gone",
        "short.TextGrid: holds no tiers in Praat's long text format",
        "two.TextGrid: has the tiers 'one', 'other': name the one that is the label with --text-column",
        "z/twice.TextGrid: several recordings named twice",
    }


def test_a_text_may_look_like_the_format() -> None:
    tricky = 'name = "x"\ntext = "y"'
    assert read_tiers(grid({"text": [tricky, "z"]})) == {"text": [tricky, "z"]}
