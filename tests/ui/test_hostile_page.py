"""The page in Chromium with hostile texts, names, labels, tags and errors: nothing runs, nothing is asked of others."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hostile_texts import HOSTILE, PWNED

from workbench import services
from workbench.engines.base import Hypothesis, Segment
from workbench.runs.journal import Entry, encode
from workbench.runs.records import ItemFailure, ItemResult, RunSpec
from workbench.runs.store import RunStore

pytestmark = pytest.mark.browser

SPOKEN = Path(__file__).resolve().parents[2] / "eval_sets" / "english-demo" / "audio" / "e01.flac"
TEXTS = tuple(text.encode("utf-8", "replace").decode() for text in HOSTILE)
NAMES = tuple(text for text in TEXTS if not set(text) & set("/\0\n") and len(text) < 80)[:4]
SMUGGLED = (
    "[...document.querySelectorAll('iframe, object, embed, base, meta[http-equiv=refresh i], [src*=outside],"
    " [href*=outside], [onerror], [onload], [ontoggle], [onfocus], [onmouseover], [action^=http]')]"
    ".map(one => one.localName)"
)


@pytest.fixture
def saying(page_server: Any) -> Iterator[None]:
    """The scripted engine says all hostile texts, a segment each."""
    length = 0.2
    segments = tuple(Segment(start=length * at, end=length * (at + 1), text=one) for at, one in enumerate(TEXTS))
    whole = " ".join(TEXTS)
    before = page_server.scripted.script
    page_server.scripted.script = lambda _: Hypothesis(text=whole, raw=whole, language="en", segments=segments)
    yield
    page_server.scripted.script = before


@pytest.fixture
def stored(page_server: Any) -> list[str]:
    """Two runs over the same clips, of which everything that is a text is a hostile one; and a set of that kind."""
    store, made = RunStore(page_server.pool.settings), list[str]()
    for number in range(2):
        spec = RunSpec(
            eval_set=f"hostile {TEXTS[0]}", set_digest="d", set_language="en", items=len(TEXTS),
            engine=f"system {number} {TEXTS[4]}", model_id=TEXTS[9], revision="", language="set", context=TEXTS[12],
            chain="", device="cpu", dtype="float32", batch_size=1,
        )  # fmt: skip
        record = store.create_run(spec, {"sets": [TEXTS[0]]})
        with (store.folder / record.run_id / "items.jsonl").open("wb") as file:
            for at, text in enumerate(TEXTS):
                heard = TEXTS[(at + number) % len(TEXTS)]
                outcome: Any = ItemResult(
                    id=f"{at} {text}"[:200], reference=f"{text} a b", text=f"{heard} a c", raw=heard, language="en",
                    finish="eos", audio=str(SPOKEN), tags={"tag": text, TEXTS[3]: "x"}, warnings=(text,),
                    segments=(Segment(start=0, end=1, text=heard),),
                )  # fmt: skip
                if at % 10 == 9:
                    outcome = ItemFailure(id=f"{at} {text}"[:200], reference=text, error="E", message=text)
                file.write(encode(Entry(outcome=outcome, wall_seconds=at)))
        store.save_record(replace(record, status="success"))
        made.append(record.run_id)
    folder = page_server.pool.settings.sets / "hostile set"
    folder.mkdir(parents=True, exist_ok=True)
    title = json.dumps(TEXTS[4])
    (folder / "set.toml").write_text(f"name = {title}\ntitle = {title}\nlicence = {title}\ndescription = {title}\n")
    (folder / "manifest.jsonl").write_text(json.dumps({"id": "a", "audio": str(SPOKEN), "text": TEXTS[4]}))
    yield made
    shutil.rmtree(folder)
    for run_id in made:
        store.delete_run(run_id)


@pytest.fixture
def page(open_page: Callable[..., Any]) -> Iterator[Any]:
    """The page; a dialog, a window of its own, a script that ran or an element that was smuggled in is a failure."""
    opened = open_page()
    opened.own = opened.evaluate(SMUGGLED)  # Gradio's
    happened: list[str] = []
    opened.on("dialog", lambda dialog: (happened.append(dialog.message), dialog.dismiss()))
    opened.on("popup", lambda _: happened.append("a window"))
    yield opened
    check(opened, opened.own)
    assert happened == []


def check(page: Any, known: Sequence[str] = ()) -> None:
    for frame in page.frames:
        assert frame.evaluate(PWNED.partition("=")[0]) is None
    assert page.evaluate(SMUGGLED) == list(known)


def test_a_transcript_and_the_names_of_its_files(
    page: Any, saying: None, choose_engine: Callable[..., None], tmp_path: Path
) -> None:
    choose_engine(page, "scripted")
    files = [tmp_path / f"{name}.flac" for name in NAMES]
    for path in files:
        shutil.copyfile(SPOKEN, path)
    page.locator(".wb-drop input[type=file]").set_input_files(str(files[0]))
    page.wait_for_selector(".wb-player")
    page.get_by_role("button", name="Transcribe", exact=True).click()
    page.wait_for_selector(".wb-editor")
    page.wait_for_function(f"document.querySelector('.wb-editor').innerText.includes({json.dumps(PWNED)})")
    page.locator(".wb-drop input[type=file]").set_input_files([str(path) for path in files[1:]])
    page.locator(".wb-queue li").nth(len(files) - 1).wait_for()
    assert NAMES[1] in page.locator(".wb-queue").inner_text()


def test_the_explorer_of_a_run(stored: list[str], page: Any) -> None:
    page.get_by_role("tab", name="Benchmark", exact=True).click()
    page.locator(".wb-runs input:visible").wait_for()
    time.sleep(1)  # the list of runs is brought up to date when the tab is looked at
    page.locator(".wb-runs input:visible").click()
    page.locator("[role=option]:visible", has_text="hostile <script").first.click()
    page.wait_for_selector(f".wb-matches:has-text('of {len(TEXTS)} clips')")
    assert page.locator("tr[data-clip]", has_text="<script>").count() > 0
    for at in (0, 4, 9):
        page.locator("tr[data-clip]").nth(at).click()
        page.wait_for_selector("#benchmark-player, .wb-detail")
    for tab in ("Charts", "Errors"):
        page.get_by_role("tab", name=tab).locator("visible=true").click()
        page.wait_for_timeout(300)
        check(page, page.own)


def test_two_runs_held_against_each_other_and_their_report(
    page: Any, page_server: Any, chromium: Any, stored: list[str], tmp_path: Path
) -> None:
    page.get_by_role("tab", name="Compare", exact=True).click()
    page.get_by_role("tab", name="Runs", exact=True).click()
    page.locator("#compare-runs input").wait_for()
    time.sleep(1)  # the list of runs is brought up to date when the tab is looked at
    for number in range(2):
        page.locator("#compare-runs input").click()
        page.locator("[role=option]:visible", has_text=f"system {number}").first.click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Compare runs").click()
    page.wait_for_selector(".wb-shared tr[data-clip]")
    page.locator(".wb-shared tr[data-clip]").first.click()
    page.wait_for_selector("#compare-player")
    check(page, page.own)
    page.get_by_role("button", name="Make a report").click()
    link = page.locator(".wb-downloads a:visible").first
    link.wait_for()
    html = page.request.get(page.url + link.get_attribute("href")).body()
    other = services.report(stored[0], pool=page_server.pool).encode()
    asked: list[str] = []
    reader = chromium.new_page()
    reader.on("request", lambda request: asked.append(request.url))
    reader.on("dialog", lambda dialog: (asked.append("dialog"), dialog.dismiss()))
    for number, content in enumerate((html, other)):
        assert b"&lt;script&gt;" in content
        path = tmp_path / f"report-{number}.html"
        path.write_bytes(content)
        reader.goto(path.as_uri())
        reader.wait_for_timeout(200)
        check(reader)
        assert asked.pop() == path.as_uri()
    reader.close()
    assert asked == []
