"""Each layout from a small faithful copy of it: what is in the set, by ids, labels, languages and tags."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from workbench.errors import UsageError
from workbench.evalsets.draft import Imported
from workbench.evalsets.layouts import LAYOUTS
from workbench.evalsets.load import find_set
from workbench.evalsets.model import EvalSet
from workbench.settings import Settings

from .conftest import RATE, record, write

Import = Callable[..., Imported]


def texts(found: EvalSet) -> dict[str, str]:
    return {item.id: item.reference for item in found.items}


def test_nemo_with_offsets(bring_in: Import, tmp_path: Path, settings: Settings) -> None:
    source = tmp_path / "nemo"
    record(source / "wav" / "a.wav", 0.5)
    record(source / "wav" / "b.wav", 0.25)
    rows = [
        {"audio_filepath": "wav/a.wav", "text": "first", "offset": 0.125, "duration": 0.25, "lang": "en"},
        {"audio_filepath": "wav/b.wav", "text": "NA", "duration": 9.5, "speaker": "s1", "pnc": True},
        {"audio_filepath": "wav/a.wav", "text": "二", "offset": 0.375},
    ]
    write(source / "test_manifest.json", *map(json.dumps, rows))
    write(source / "train_manifest.json", json.dumps({"audio_filepath": "none.wav", "text": "x"}))
    imported = bring_in("nemo", source, split="test", language="zh")
    found = find_set("nemo-test", settings)
    assert texts(found) == {"a-00000125": "first", "b": "NA", "a-00000375": "二"}
    assert [item.language for item in found.items] == ["en", "zh", "zh"]
    assert [item.duration for item in found.items] == [0.25, 0.25, 0.125], "lengths are measured, not believed"
    assert found.items[1].tags == {"speaker": "s1", "pnc": True}
    whole, _ = soundfile.read(source / "wav" / "a.wav", dtype="int16")
    cut, rate = soundfile.read(found.items[0].audio, dtype="int16")
    assert rate == RATE
    np.testing.assert_array_equal(cut, whole[1000:3000])
    assert imported.seconds == 0.625


def test_kaldi_with_segments_speakers_and_dialects(bring_in: Import, tmp_path: Path, settings: Settings) -> None:
    place = tmp_path / "data" / "test"
    record(tmp_path / "corpus" / "r1.wav", 1.0)
    record(tmp_path / "corpus" / "r2.flac", 0.5, seed=2)
    write(place / "wav.scp", "r1 corpus/r1.wav", "r2\tcorpus/r2.flac")
    write(place / "text", "s1-u1 今天 天气 好", "s1-u2 nan", "s2-u3 hello  there")
    write(place / "segments", "s1-u1 r1 0.25 0.5", "s1-u2 r1 0 0.25", "s2-u3 r2 0.125 -1")
    write(place / "utt2spk", "s1-u1 s1", "s1-u2 s1", "s2-u3 s2")
    write(place / "spk2utt", "s1 s1-u1 s1-u2", "s2 s2-u3")
    write(place / "spk2gender", "s1 f", "s2 m")
    write(place / "utt2subdialect", "s1-u1 Zhongyuan")
    write(place / "utt2dur", "s1-u1 99")
    bring_in("kaldi", tmp_path / "data", split="test", name="kespeech", language="zh")
    found = find_set("kespeech", settings)
    assert texts(found) == {"s1-u1": "今天 天气 好", "s1-u2": "nan", "s2-u3": "hello  there"}
    assert [item.duration for item in found.items] == [0.25, 0.25, 0.375]
    assert found.items[0].tags == {
        "start": 0.25, "speaker": "s1", "gender": "f", "dialect": "Zhongyuan", "recording": "r1",
    }  # fmt: skip
    whole, _ = soundfile.read(tmp_path / "corpus" / "r2.flac", dtype="int16")
    cut, _ = soundfile.read(found.items[2].audio, dtype="int16")
    np.testing.assert_array_equal(cut, whole[1000:])


def test_kaldi_of_whole_recordings_and_aishell_2(bring_in: Import, tmp_path: Path, settings: Settings) -> None:
    place = tmp_path / "iOS" / "data"
    record(place / "wav" / "C0001" / "IC0001W0001.wav")
    write(place / "wav.scp", "IC0001W0001\twav/C0001/IC0001W0001.wav")
    write(place / "trans.txt", "IC0001W0001\t厨房用品")
    bring_in("kaldi", place, name="aishell-2")
    (item,) = find_set("aishell-2", settings).items
    assert (item.id, item.reference, item.duration) == ("IC0001W0001", "厨房用品", 0.05)
    assert item.audio == place / "wav" / "C0001" / "IC0001W0001.wav", "left where it is"


def test_common_voice_where_quotes_are_characters(bring_in: Import, tmp_path: Path, settings: Settings) -> None:
    root = tmp_path / "cv-corpus-24.0" / "zh-HK"
    for number in (1, 2, 3):
        record(root / "clips" / f"common_voice_zh-HK_{number}.mp3", 0.2, seed=number)
    columns = ("client_id", "path", "sentence_id", "sentence", "sentence_domain", "up_votes", "down_votes", "age",
               "gender", "accents", "variant", "locale", "segment")  # fmt: skip
    rows = [
        ("ab12", "common_voice_zh-HK_1.mp3", "h1", '"唔該', "", "2", "0", "twenties", "", "香港", "", "zh-HK", ""),
        ("ab12", "common_voice_zh-HK_2.mp3", "h2", "佢話""好"'"', "", "2", "1", "", "male", "", "", "zh-HK", ""),
        ("cd34", "common_voice_zh-HK_3.mp3", "h3", "NA", "", "3", "0", "", "", "", "", "zh-HK", ""),
    ]  # fmt: skip
    write(root / "test.tsv", *("\t".join(row) for row in (columns, *rows)))
    write(root / "validated.tsv", "\t".join(columns), "broken")
    bring_in("common-voice", root.parent, name="cv")
    found = find_set("cv", settings)
    assert [item.reference for item in found.items] == ['"唔該', '佢話好"', "NA"]
    assert {item.language for item in found.items} == {"yue"}
    assert found.items[0].tags == {
        "speaker": "ab12", "accent": "香港", "age": "twenties", "up_votes": "2", "down_votes": "0",
    }  # fmt: skip
    assert found.items[0].id == "common_voice_zh-HK_1"


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_audiofolder_with_splits(bring_in: Import, tmp_path: Path, settings: Settings, form: str) -> None:
    root = tmp_path / "hf"
    record(root / "test" / "a" / "1.wav")
    record(root / "test" / "b" / "1.wav", seed=1)
    rows = [("a/1.wav", 'said "yes", then\nno', "5"), ("b/1.wav", "nan", "")]
    if form == "csv":
        with (root / "test" / "metadata.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("file_name", "transcription", "room"), *rows])
    else:
        lines = [{"file_name": name, "transcription": text, "room": int(n) if n else None} for name, text, n in rows]
        write(root / "test" / "metadata.jsonl", *(json.dumps(line) for line in lines))
    imported = bring_in("audiofolder", root, split="test", name="hf")
    found = find_set("hf", settings)
    assert texts(found) == {"a/1": 'said "yes", then no', "b/1": "nan"}
    assert found.items[0].tags == {"room": "5"}
    assert imported.notes == ("Columns: audio is 'file_name', text is 'transcription'; the others are tags.",)
    with pytest.raises(UsageError, match="has splits"):
        bring_in("audiofolder", root)


def test_audiofolder_with_its_metadata_above_the_splits(bring_in: Import, tmp_path: Path, settings: Settings) -> None:
    root = tmp_path / "hf"
    record(root / "test" / "1.wav")
    record(root / "train" / "2.wav")
    write(root / "metadata.csv", "file_name,text", "test/1.wav,one", "train/2.wav,two")
    imported = bring_in("audiofolder", root, split="test", name="hf")
    assert (imported.imported, imported.outside) == (1, 1)
    assert texts(find_set("hf", settings)) == {"1": "one"}


def test_parquet_with_recordings_inside(bring_in: Import, tmp_path: Path, settings: Settings) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    sounds = [record(tmp_path / "src" / f"{n}.wav", seed=n).read_bytes() for n in range(3)]
    rows = [
        {
            "id": 7,
            "path": "/x/a.wav",
            "audio": {"bytes": sounds[0], "path": "a.wav"},
            "transcription": "一",
            "lang": "",
        },
        {
            "id": 7,
            "path": "/x/a.wav",
            "audio": {"bytes": sounds[1], "path": "a.wav"},
            "transcription": "NA",
            "lang": "",
        },
        {"id": 8, "path": None, "audio": {"bytes": sounds[2], "path": None}, "transcription": "三", "lang": "en"},
    ]
    root = tmp_path / "hub" / "default"
    root.mkdir(parents=True)
    parquet.write_table(pyarrow.Table.from_pylist(rows), root / "test-00000-of-00001.parquet")
    bring_in("parquet", tmp_path / "hub", split="test", name="hub", language="yue", columns={"audio": "audio"})
    found = find_set("hub", settings)
    assert texts(found) == {"a": "一", "a-2": "NA", "test-00000-of-00001-000003": "三"}
    assert [item.language for item in found.items] == ["yue", "yue", "en"]
    assert [item.audio.read_bytes() for item in found.items] == sounds
    assert all(item.audio.is_relative_to(settings.sets / "hub") for item in found.items)
    assert found.items[0].tags == {"row_id": 7, "path": "/x/a.wav"}


def test_fleurs_as_the_hub_has_it(bring_in: Import, tmp_path: Path, settings: Settings) -> None:
    root = tmp_path / "yue_hant_hk"
    for name in ("11.wav", "12.wav"):
        record(root / "audio" / "test" / name)
    write(
        root / "test.tsv",
        "1904\t11.wav\t「你好」，佢話。\t你好 佢話\t你 好 | 佢 話 |\t400\tMALE",
        "1904\t12.wav\t「你好」，佢話。\t你好 佢話\t你 好 | 佢 話 |\t400\tFEMALE",
    )
    bring_in("fleurs", root)
    found = find_set("yue_hant_hk", settings)
    assert texts(found) == {"11": "「你好」，佢話。", "12": "「你好」，佢話。"}
    assert found.language == "yue"
    assert found.items[1].tags == {"sentence_id": "1904", "gender": "female"}
    bring_in("fleurs", root, name="plain", columns={"text": "transcription"})
    assert texts(find_set("plain", settings)) == {"11": "你好 佢話", "12": "你好 佢話"}


def test_aishell_whose_transcript_is_that_of_every_split(bring_in: Import, tmp_path: Path, settings: Settings) -> None:
    root = tmp_path / "data_aishell"
    for split, name in (("test", "BAC009S0764W0121"), ("test", "BAC009S0764W0122"), ("train", "BAC009S0002W0122")):
        record(root / "wav" / split / name[6:11] / f"{name}.wav")
    write(
        root / "transcript" / "aishell_transcript_v0.8.txt",
        "BAC009S0002W0122 而 对 楼市 成交 抑制 作用",
        "BAC009S0764W0121 甚至 出现 交易 几乎 停滞 的 情况",
        "BAC009S0764W0122 一 个 APP 的 C E O",
    )
    imported = bring_in("aishell", tmp_path, split="test", name="aishell-test")
    found = find_set("aishell-test", settings)
    assert texts(found) == {"BAC009S0764W0121": "甚至出现交易几乎停滞的情况", "BAC009S0764W0122": "一个 APP 的 C E O"}
    assert found.items[0].tags == {"speaker": "S0764", "split": "test"}
    assert (imported.total, imported.outside) == (2, 1)
    assert "3 labels" in imported.notes[0]


def test_thchs30_whose_splits_point_to_data(bring_in: Import, tmp_path: Path, settings: Settings) -> None:
    root = tmp_path / "data_thchs30"
    record(root / "test" / "D11_750.wav")
    write(root / "data" / "D11_750.wav.trn", "东北军 的 一些 爱国 将士", "dong1 bei3 jun1", "d ong1 b ei3")
    write(root / "test" / "D11_750.wav.trn", "../data/D11_750.wav.trn")
    bring_in("thchs30", tmp_path, name="thchs30")
    (item,) = find_set("thchs30", settings).items
    assert (item.id, item.reference, item.tags) == (
        "D11_750", "东北军的一些爱国将士", {"speaker": "D11", "split": "test"},
    )  # fmt: skip


def test_librispeech(bring_in: Import, tmp_path: Path, settings: Settings) -> None:
    root = tmp_path / "LibriSpeech" / "test-clean" / "1089" / "134686"
    record(root / "1089-134686-0000.flac")
    record(root / "1089-134686-0001.flac", seed=1)
    write(root / "1089-134686.trans.txt", "1089-134686-0000 HE HOPED", "1089-134686-0001 STUFF IT INTO YOU HIS")
    bring_in("librispeech", tmp_path, split="test-clean", name="ls")
    found = find_set("ls", settings)
    assert texts(found) == {"1089-134686-0000": "HE HOPED", "1089-134686-0001": "STUFF IT INTO YOU HIS"}
    assert found.items[0].tags == {"speaker": "1089", "recording": "134686", "split": "test-clean"}
    assert found.language == "en"


@pytest.mark.parametrize(("suffix", "mark"), [(".csv", ","), (".csv", ";"), (".tsv", "\t")])
def test_tables_whose_columns_are_known_by_name(
    bring_in: Import, tmp_path: Path, settings: Settings, suffix: str, mark: str
) -> None:
    record(tmp_path / "t" / "a.wav")
    write(tmp_path / "t" / f"list{suffix}", f"编号{mark}文件{mark}文本{mark}age", f"07{mark}a.wav{mark}null{mark}30")
    bring_in("table", tmp_path / "t", name="t")
    (item,) = find_set("t", settings).items
    assert (item.id, item.reference, item.tags) == ("07", "null", {"age": "30"})


def test_a_table_with_a_column_of_label_files(bring_in: Import, tmp_path: Path, settings: Settings) -> None:
    root = tmp_path / "mdcc"
    record(root / "audio" / "447_1.wav")
    write(root / "transcription" / "447_1.txt", "佢喺度")
    write(root / "test.csv", "audio_path,text_path,gender", "./audio/447_1.wav,./transcription/447_1.txt,female")
    bring_in("table", root / "test.csv", name="mdcc")
    assert texts(find_set("mdcc", settings)) == {"447_1": "佢喺度"}


def test_excel_as_openpyxl_writes_it(bring_in: Import, tmp_path: Path, settings: Settings) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    for name in ("a", "b", "c"):
        record(tmp_path / "x" / f"{name}.wav")
    book = openpyxl.Workbook()
    book.active.title = "labels"
    for row in [
        ("path", None, "sentence", "take"), ("a.wav", None, "NA", 1), ("b.wav", "x", "唔該 & <b>", 2.5), (None,) * 4,
        ("c.wav", None, 120, True),
    ]:  # fmt: skip
        book.active.append(row)
    book.create_sheet("other").append(("path", "sentence"))
    book.save(tmp_path / "x" / "labels.xlsx")
    bring_in("table", tmp_path / "x" / "labels.xlsx", name="x")
    found = find_set("x", settings)
    assert texts(found) == {"a": "NA", "b": "唔該 & <b>", "c": "120"}
    assert [item.tags.get("take") for item in found.items] == ["1", "2.5", "TRUE"]


def test_pairs_in_folders_with_the_same_names(bring_in: Import, tmp_path: Path, settings: Settings) -> None:
    for folder in ("one", "two"):
        record(tmp_path / "p" / folder / "001.wav")
        write(tmp_path / "p" / folder / "001.txt", f"text {folder}", "and more")
    bring_in("pairs", tmp_path / "p")
    assert texts(find_set("p", settings)) == {"one/001": "text one and more", "two/001": "text two and more"}


def test_copies_make_a_set_that_stands_alone(bring_in: Import, tmp_path: Path, settings: Settings) -> None:
    source = record(tmp_path / "p" / "a b.wav")
    write(tmp_path / "p" / "a b.txt", "x")
    content = source.read_bytes()
    bring_in("pairs", tmp_path / "p", copy=True, licence="CC0-1.0", source="https://example.org/p")
    source.unlink()
    found = find_set("p", settings)
    assert found.items[0].audio.read_bytes() == content
    assert found.licence == "CC0-1.0"


def test_every_layout_says_what_it_is() -> None:
    assert all(layout.summary and layout.read.__doc__ for layout in LAYOUTS.values())


def test_a_table_whose_first_line_is_no_header(bring_in: Import, tmp_path: Path, settings: Settings) -> None:
    """WSYue-ASR-eval's content.txt."""
    record(tmp_path / "Short" / "wav_" / "0001.wav")
    write(tmp_path / "Short" / "content.txt", '0001.wav\tYOUTH\tNEUTRAL\tFEMALE\t你食咗飯未"呀')
    header = ("audio", "age", "emotion", "gender", "text")
    root = tmp_path / "Short" / "wav_"
    bring_in("table", tmp_path / "Short" / "content.txt", name="w", header=header, audio_root=root, language="yue")
    (item,) = find_set("w", settings).items
    assert (item.id, item.reference, item.language) == ("0001", '你食咗飯未"呀', "yue")
    assert item.tags == {"age": "YOUTH", "emotion": "NEUTRAL", "gender": "FEMALE"}


def test_one_file_of_labels_and_marks_that_are_no_speech(bring_in: Import, tmp_path: Path, settings: Settings) -> None:
    """TALCS's cs_wav and label."""
    record(tmp_path / "TAL_CSASR" / "cs_wav" / "1" / "a1.wav")
    write(tmp_path / "TAL_CSASR" / "label", "a1 我们 <SPOKEN_NOISE> say hello")
    bring_in("labels", tmp_path / "TAL_CSASR", name="talcs", drop=("<SPOKEN_NOISE>",))
    assert texts(find_set("talcs", settings)) == {"a1": "我们 say hello"}
