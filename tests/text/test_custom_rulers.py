"""Rulers of a user's own, from TOML."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import UnknownName, UsageError
from workbench.text.rulers import find_ruler, list_steps, read_ruler

COURT = """
name = "court"
version = 2
steps = ["unicode", "case", "punctuation", "script@1", "variants", "pairs", "numbers", "fillers"]

[pairs]
"冷气" = "空调"
"wi fi" = "wifi"
"ok" = "okay"
"""


@pytest.fixture
def court(tmp_path: Path) -> Path:
    path = tmp_path / "court.toml"
    path.write_text(COURT, encoding="utf-8")
    return path


def test_file_is_a_ruler(court: Path) -> None:
    ruler = find_ruler(str(court))
    assert (ruler.id, ruler.summary) == ("court@2", "from court.toml")
    assert ruler.apply("嗯，開冷氣，OK？ Wi-Fi book 12 個") == "开空调 okay wifi book 十二个"
    assert ruler.apply("booking tokyo") == "booking tokyo"  # Latin spellings are words, not pieces of words


def test_same_file_same_hash_other_pairs_other_hash(court: Path) -> None:
    first = read_ruler(court)
    assert first.hash == read_ruler(court).hash
    court.write_text(COURT.replace("空调", "空调机"), encoding="utf-8")
    assert read_ruler(court).hash != first.hash
    court.write_text(COURT.replace('"fillers"', '"trim"'), encoding="utf-8")
    assert read_ruler(court).hash != first.hash


def test_network_clients_cannot_name_files(court: Path) -> None:
    with pytest.raises(UnknownName):
        find_ruler(str(court), files=False)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('name = "court"', 'name = "Court!"', "name must be"),
        ('name = "court"', 'name = "zh"', "a ruler of the workbench"),
        ('name = "court"', "", "name must be"),
        ("version = 2", "version = true", "version must be"),
        ("version = 2", "version = 0", "version must be"),
        ("version = 2", "version = ", "line 3"),
        ("version = 2", "version = 2\nsummary = 7", "summary must be"),
        ("version = 2", "version = 2\nstep = []", "step is not one of"),
        ('"script@1"', '"scripts"', "'scripts' in place 4"),
        ('"script@1"', '"script@9"', "script@1"),
        ('"script@1"', "7", "7 in place 4"),
        ('"pairs", ', "", "must name 'pairs'"),
        ('"pairs", ', '"pairs", "case", ', "names a step twice"),
        ('"冷气" = "空调"', '"冷气" = 1', "pairs.'冷气'"),
        ('"冷气" = "空调"', '"冷气" = "开冷气"', "another pair changes again"),
        ('"冷气" = "空调"', '" " = "x"', "pairs.' '"),
    ],
)
def test_fault_is_a_sentence_that_names_line_or_key(court: Path, before: str, after: str, said: str) -> None:
    assert before in COURT
    court.write_text(COURT.replace(before, after), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        find_ruler(str(court))
    assert said in caught.value.message
    assert caught.value.message.startswith("court.toml")
    assert caught.value.hint


def test_unreadable_files_are_sentences(tmp_path: Path) -> None:
    for name, content in (("a.toml", b"\xff\xfe"), ("b.toml", b"x" * 1_000_001), ("c.toml", b"steps = []")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UsageError, match=name):
            find_ruler(str(tmp_path / name))
    (tmp_path / "folder.toml").mkdir()
    for name in ("missing", "folder"):
        with pytest.raises(UsageError, match=f"{name}.toml is not a file"):
            find_ruler(str(tmp_path / f"{name}.toml"))
    (tmp_path / "no-steps.toml").write_text('name = "a"\nversion = 1', encoding="utf-8")
    with pytest.raises(UsageError, match="steps must be a list"):
        find_ruler(str(tmp_path / "no-steps.toml"))


@given(
    steps=st.lists(st.sampled_from([step.name for step in list_steps()]), min_size=1, max_size=8, unique=True),
    text=st.text(alphabet="我係噉兩一12 .,'%oneumstAé🙂", max_size=14),
)
@settings(max_examples=150, deadline=None)
def test_any_ruler_is_idempotent(tmp_path_factory: pytest.TempPathFactory, steps: list[str], text: str) -> None:
    path = tmp_path_factory.mktemp("rulers") / "own.toml"
    path.write_text(f'name = "own"\nversion = 1\nsteps = {steps!r}', encoding="utf-8")
    ruler = read_ruler(path)
    assert ruler.apply(ruler.apply(text)) == ruler.apply(text)
