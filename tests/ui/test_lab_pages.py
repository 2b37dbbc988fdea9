"""The Benchmark and Compare tabs in a real Chromium, against the real server."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workbench import services
from workbench.audio.io import read_clip, write_clip
from workbench.engines.scripted import describe

pytestmark = pytest.mark.browser

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "eval_sets" / "english-demo" / "audio").glob("*.flac"))
HOSTILE = '<img src=x onerror="window.hacked=1"> <script>window.hacked=1</script>'


@pytest.fixture
def own_set(tmp_path: Path) -> Path:
    """Four clips: one the scripted engine gets right, two it does not, and one that is not audio.

    One text is the test's own: a run of the same spec in another test would be gone on with.
    """
    folder = tmp_path / "my set"
    folder.mkdir()
    lines = []
    for index, path in enumerate(SAMPLES[:3]):
        clip = read_clip(path)
        write_clip(clip, folder / f"clip{index}.wav")
        text = describe(clip) if index == 0 else HOSTILE if index == 1 else f"completely different {tmp_path.name}"
        lines.append({"id": f"clip{index}", "audio_filepath": f"clip{index}.wav", "text": text, "language": "en"})
    (folder / "broken.wav").write_text("this is not audio")
    lines.append({"id": "broken", "audio_filepath": "broken.wav", "text": "anything", "language": "en"})
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return folder


@pytest.fixture
def describing(page_server: Any) -> Any:
    """The scripted engine says each clip's length; afterwards what it said before."""
    before = page_server.scripted.script, page_server.scripted.delay_seconds
    page_server.scripted.script = describe
    yield page_server.scripted
    page_server.scripted.script, page_server.scripted.delay_seconds = before


def open_tab(page: Any, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def choose_set(page: Any, path: Path) -> None:
    page.get_by_label("Mandarin demo").locator("visible=true").uncheck()
    page.get_by_label("Or a set of your own").fill(str(path))


def run_benchmark(page: Any) -> None:
    page.get_by_role("button", name="Run benchmark").click()


def clips(page: Any, *, holding: str = "clip0") -> dict[str, dict[str, str]]:
    """What the explorer's table shows of each clip by column, once it shows this clip."""
    page.locator(f"tr[data-clip='{holding}']").wait_for()
    heads = [head.split("\n")[0].rstrip("↓↑") for head in page.locator(".wb-cliptable thead th").all_inner_texts()]
    return {
        row.get_attribute("data-clip"): dict(zip(heads, row.locator("th, td").all_inner_texts(), strict=True))
        for row in page.locator("tr[data-clip]").all()
    }


def rows(page: Any, table: str, *, holding: str = "clip0") -> list[list[str]]:
    """What a table of pairs shows, once it shows this clip."""
    cells = f"#{table} [data-testid^='cell-']"
    page.locator(cells, has_text=holding).first.wait_for()
    found: dict[int, dict[int, str]] = {}
    for cell in page.locator(cells).all():
        row, column = map(int, cell.get_attribute("data-testid").split("-")[1:])
        found.setdefault(row, {})[column] = cell.inner_text().strip()
    return [[found[row][column] for column in sorted(found[row])] for row in sorted(found)]


def pick_pair(page: Any, item_id: str, table: str) -> None:
    page.locator(f"#{table} [data-testid^='cell-'][data-testid$='-0']", has_text=item_id).first.click()


def bench(own_set: Path, pool: Any, **arguments: Any) -> str:
    *_, last = services.bench_events(str(own_set), engine="scripted", pool=pool, **arguments)
    return last.run_id


def test_a_benchmark_gives_rows_totals_files_and_a_command(
    page_server: Any, chromium_page: Any, choose_engine: Callable[..., None], own_set: Path, describing: Any
) -> None:
    page = chromium_page
    open_tab(page, "Benchmark")
    choose_set(page, own_set)
    choose_engine(page, "scripted", tab="benchmark")
    run_benchmark(page)
    page.wait_for_selector(".wb-downloads a[download$='.csv']")
    page.locator(".wb-filters:visible").wait_for()
    shown = clips(page)
    assert set(shown) == {"clip0", "clip1", "clip2", "broken"}
    assert [shown["clip0"][name] for name in ("WER %", "CER %", "MER %")] == ["0.0", "0.0", "0.0"]
    assert float(shown["clip2"]["WER %"]) > 0
    assert "cannot be read" in shown["broken"]["Hypothesis"]
    totals = page.locator(".wb-totals").inner_text()
    assert "Scored 3 of 4, 1 failed." in totals
    assert "en@1" in totals
    assert "not measured" in totals
    stored = services.list_runs(pool=page_server.pool)[0]
    rate = services.summary(stored.run_id, pool=page_server.pool).metrics["wer"].rate
    assert f"{100 * rate:.1f} %" in page.locator(".wb-totals .wb-leading").inner_text()
    command = page.locator("#bench-command").inner_text()
    assert command == f"workbench bench '{own_set}' --engine scripted"
    files = {link.inner_text(): link.get_attribute("href") for link in page.locator(".wb-downloads a:visible").all()}
    table = list(csv.DictReader(io.StringIO(page.request.get(page.url + files["CSV"]).body().decode("utf-8-sig"))))
    assert {row["id"] for row in table} == set(shown)
    assert json.loads(page.request.get(page.url + files["JSON"]).text())["scored"] == 3


def test_a_clip_is_heard_and_its_hostile_text_is_shown_as_text(
    page_server: Any, chromium_page: Any, choose_engine: Callable[..., None], own_set: Path, describing: Any
) -> None:
    page = chromium_page
    open_tab(page, "Benchmark")
    choose_set(page, own_set)
    choose_engine(page, "scripted", tab="benchmark")
    run_benchmark(page)
    page.wait_for_selector(".wb-downloads a[download$='.csv']")
    page.get_by_label("Ruler").locator("visible=true").click()
    page.get_by_role("option", name="raw@1", exact=False).first.click()
    page.wait_for_function("document.querySelector('.wb-totals').innerText.includes('raw@1')")
    page.locator(".wb-filters:visible").wait_for()
    page.locator("tr[data-clip='clip1']").click()
    page.wait_for_selector("#benchmark-player")
    cells = page.locator(".wb-detail .wb-cell").all_inner_texts()
    assert any("<img" in cell for cell in cells)
    assert page.locator(".wb-detail .wb-cell.wb-sub, .wb-detail .wb-cell.wb-del").count() > 0
    page.locator("#benchmark-player [data-toggle]").click()
    page.wait_for_function("document.querySelector('#benchmark-player audio').currentTime > 0.2")
    page.get_by_role("tab", name="Charts").click()
    page.wait_for_selector(".wb-charts svg")
    stored = services.list_runs(pool=page_server.pool)[0].run_id
    found = services.causes(stored, ruler="raw", pool=page_server.pool)
    raw = found.waterfall.stages[0].total(found.headline)
    assert f"{raw.errors} errors" in page.locator("figure", has_text="is spelling").first.inner_text()
    page.get_by_role("tab", name="Errors").click()
    page.wait_for_selector(".wb-confusions")
    assert page.evaluate("window.hacked") is None


def test_stop_keeps_what_is_done_and_the_next_run_goes_on(
    page_server: Any, chromium_page: Any, choose_engine: Callable[..., None], own_set: Path, describing: Any
) -> None:
    page = chromium_page
    describing.delay_seconds = 4.0
    open_tab(page, "Benchmark")
    choose_set(page, own_set)
    choose_engine(page, "scripted", tab="benchmark")
    run_benchmark(page)
    page.locator("tr[data-clip='clip0']").wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.wait_for_selector(".wb-notice:has-text('What is done is kept')")
    deadline = time.monotonic() + 20
    while (record := services.list_runs(pool=page_server.pool)[0]).status == "started":
        assert time.monotonic() < deadline, "the run did not end"
        time.sleep(0.2)
    assert record.status == "cancelled"
    kept = [outcome.id for outcome in services.load_run(record.run_id, pool=page_server.pool).outcomes]
    assert kept[:1] == ["clip0"]
    assert len(kept) < 4
    describing.delay_seconds = 0.0
    run_benchmark(page)
    page.wait_for_function("document.querySelector('.wb-totals')?.innerText.includes('Scored 3 of 4')")
    assert services.list_runs(pool=page_server.pool)[0].run_id == record.run_id


def test_run_at_once_after_stop_is_not_lost(
    page_server: Any, chromium_page: Any, choose_engine: Callable[..., None], own_set: Path, describing: Any
) -> None:
    """The click that comes as soon as the button is there again has its run, whatever is left of the stopped one."""
    page = chromium_page
    open_tab(page, "Benchmark")
    choose_set(page, own_set)
    choose_engine(page, "scripted", tab="benchmark")
    run, stop = (page.get_by_role("button", name=name, exact=True) for name in ("Run benchmark", "Stop"))
    for delay in (1.5, 1.5, 0.0):
        describing.delay_seconds = delay
        run.click()  # waits for the button, and for nothing else
        if delay:
            page.locator("tr[data-clip='clip0']").wait_for()
            stop.click()
    page.wait_for_function("document.querySelector('.wb-totals')?.innerText.includes('Scored 3 of 4')")
    page.locator(".wb-downloads:visible").first.wait_for()
    run.wait_for()
    stop.wait_for(state="hidden")
    (record,) = [one for one in services.list_runs(pool=page_server.pool) if str(own_set) in one.passed.get("sets", ())]
    assert record.status == "success"


def test_own_sets_are_imported_put_into_noise_and_chosen(
    page_server: Any, chromium_page: Any, choose_engine: Callable[..., None], own_set: Path, describing: Any
) -> None:
    page = chromium_page
    open_tab(page, "Benchmark")
    page.get_by_role("button", name="Your own sets").click()
    panel = page.locator(".wb-own-sets")
    panel.get_by_label("Layout").click()
    page.locator("[role=option]:visible", has_text="nemo:").first.click()
    panel.get_by_label("Folder on this machine").fill(str(own_set / "manifest.jsonl"))
    panel.get_by_label("Name", exact=True).first.fill("page-import")
    panel.get_by_role("button", name="Import", exact=True).click()
    page.locator(".wb-own-answer .wb-error").first.wait_for()
    assert "1 fault: nothing was made." in panel.inner_text()
    assert "manifest.jsonl:4:" in page.locator(".wb-own-faults").inner_text()
    panel.get_by_label("Leave out what is faulty").check()
    panel.get_by_role("button", name="Import", exact=True).click()
    page.locator(".wb-own-answer", has_text="Set page-import: 3 of 4").first.wait_for()
    assert "manifest.jsonl:4:" in page.locator(".wb-own-faults").inner_text()
    assert "--skip-faulty" in page.locator("#own-command").inner_text()
    panel.get_by_role("tab", name="Noise variants").click()
    panel.get_by_label("Set", exact=True).locator("visible=true").fill("page-import")
    page.keyboard.press("Enter")
    panel.get_by_label("SNR over speech, in dB").fill("10, 0")
    panel.get_by_role("button", name="Make noise variants").click()
    page.locator(".wb-own-answer", has_text="Set page-import-conditions: 9 of 9").first.wait_for()
    page.get_by_label("page-import: in 3 conditions").locator("visible=true").first.wait_for()
    panel.get_by_role("tab", name="Check").click()
    panel.get_by_label("Set", exact=True).locator("visible=true").fill("page-import-conditions")
    panel.get_by_role("button", name="Check every line and recording").click()
    page.locator(".wb-own-answer", has_text="page-import-conditions: 9 clips, no faults.").first.wait_for()

    open_tab(page, "Compare")
    open_tab(page, "Curves")
    page.get_by_label("page-import: in 3 conditions").locator("visible=true").first.check()
    engines = page.locator(".wb-engine:visible").first
    for _ in range(engines.locator(".token").count()):
        engines.locator(".token-remove").first.click()
    engines.locator("input").click()
    page.get_by_role("option", name="scripted", exact=True).first.click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Run and draw").click()
    page.locator(".wb-curves svg").wait_for()
    rows = page.locator(".wb-curve-table tbody tr").all_inner_texts()
    assert len(rows) == 2
    assert "baseline" in rows[0]
    assert "no difference shown" in rows[1]
    page.locator(".wb-curve-places summary").first.click()
    places = page.locator(".wb-curve-places details[open] tbody th").all_inner_texts()
    assert places == ["clean", "10", "0"]
    names = page.locator(".wb-downloads:visible a").all_inner_texts()
    assert {"SVG", "CSV", "JSON"} <= set(names)
    assert "workbench curve --set page-import-conditions" in page.locator("#curve-command").inner_text()


def test_a_set_with_faults_is_said_line_by_line(
    chromium_page: Any, choose_engine: Callable[..., None], tmp_path: Path
) -> None:
    page = chromium_page
    manifest = tmp_path / "faulty.jsonl"
    manifest.write_text('{"audio_filepath": "gone.wav", "text": "a"}\n{"text": "b"}\n', encoding="utf-8")
    open_tab(page, "Benchmark")
    choose_set(page, manifest)
    choose_engine(page, "scripted", tab="benchmark")
    run_benchmark(page)
    page.wait_for_selector(".wb-error")
    said = page.locator(".wb-error").inner_text()
    assert "faulty.jsonl:1" in said
    assert "faulty.jsonl:2" in said
    assert page.get_by_role("button", name="Run benchmark").is_visible()


def test_one_recording_two_ways_side_by_side(
    chromium_page: Any, choose_engine: Callable[..., None], describing: Any
) -> None:
    page = chromium_page
    answers = iter(["one two three", "one too three four"])
    describing.script = lambda clip: next(answers)
    open_tab(page, "Compare")
    page.locator(".wb-drop:visible input[type=file]").set_input_files(str(SAMPLES[0]))
    page.locator(".wb-drop:visible .file-preview").wait_for()
    for index in range(2):
        page.locator(".wb-engine:visible input").nth(index).click()
        page.get_by_role("option", name="scripted", exact=True).first.click()
    page.locator(".wb-chain-preset:visible input").nth(0).click()
    page.get_by_role("option", name="Peak at −3 dB", exact=True).first.click()
    page.get_by_role("button", name="Compare", exact=True).click()
    page.locator(".wb-variant").nth(1).wait_for()
    assert page.locator(".wb-variant").count() == 2
    assert "2 differences from A" in page.locator(".wb-variant").nth(1).inner_text()
    assert page.locator(".wb-variant .wb-sub").inner_text() == "too"
    assert page.locator(".wb-variant .wb-ins:not(.wb-sub)").inner_text() == "four"
    assert page.locator(".wb-variant audio").count() == 2
    assert page.locator(".wb-command code:visible").inner_text().count("workbench transcribe") == 2
    page.locator(".wb-sound summary").nth(1).click()
    page.wait_for_function(
        "(() => { const all = [...document.querySelectorAll('.wb-spectrogram img')];"
        " return all.length === 2 && all.every(one => one.naturalWidth > 100) })()"
    )
    assert page.locator(".wb-sound-figures").nth(1).locator("thead th").all_inner_texts() == ["B", "A"]
