"""Texts from recordings, sets and engines stay texts in every report: no markup, no script, no load."""

from __future__ import annotations

import csv
import io
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hostile_texts import Markup
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from workbench.evalsets.corrections import CorrectionNote
from workbench.pipeline.measurement import Measurement
from workbench.runs.causes import find_causes
from workbench.runs.charts import IntervalBar, interval_chart
from workbench.runs.compare import compare_runs
from workbench.runs.ranking import rank_runs
from workbench.runs.records import ItemFailure, ItemOutcome, ItemResult
from workbench.runs.report import run_csv
from workbench.runs.reporting import clips, comparison_report
from workbench.runs.reporting.comparison_report import report_comparison
from workbench.runs.reporting.document import (
    AlignedClip,
    AlignedText,
    Command,
    Document,
    Facts,
    Figure,
    Figures,
    Paragraph,
    Picture,
    Section,
    Table,
    Warnings,
)
from workbench.runs.reporting.html import write_html
from workbench.runs.reporting.markdown import escape_markdown, write_markdown
from workbench.runs.reporting.plain import shown
from workbench.runs.reporting.ranking_report import report_ranking
from workbench.runs.reporting.run_report import report_run
from workbench.runs.reporting.sheets import comparison_csv, ranking_csv
from workbench.runs.spreadsheet import unguarded
from workbench.runs.store import StoredRun
from workbench.runs.summary import summarise
from workbench.scoring.score import align
from workbench.text.rulers import find_ruler

HOSTILE = (
    "<script>window.hacked=1</script>",
    "</style><script>window.hacked=1</script>",
    "</title><script>window.hacked=1</script>",
    "<svg onload=window.hacked=1>",
    "<svg><script>window.hacked=1</script></svg>",
    "</svg><img src=x onerror=window.hacked=1>",
    '"><img src=//example.org/x onerror=window.hacked=1>',
    "' onmouseover='window.hacked=1",
    '" autofocus onfocus="window.hacked=1',
    "<iframe srcdoc='<script>parent.hacked=1</script>'>",
    "<iframe src=javascript:parent.hacked=1>",
    "javascript:window.hacked=1//",
    "<a href=javascript:window.hacked=1>x</a>",
    "<math><mtext></p><img src=x onerror=window.hacked=1>",
    "<body onload=window.hacked=1>",
    "<details open ontoggle=window.hacked=1>",
    "<style>@import '//example.org/x.css';</style>",
    "<link rel=stylesheet href=//example.org/x.css>",
    "<meta http-equiv=refresh content='0;url=//example.org'>",
    "<base href=//example.org/>",
    "<form action=//example.org><button>",
    "<object data=//example.org/x></object>",
    "<video src=//example.org/x autoplay>",
    "]]><script>window.hacked=1</script>",
    "<![CDATA[ x ]]>",
    "--><script>window.hacked=1</script>",
    "<!-- x",
    "<!--#exec cmd='ls'-->",
    "<?php echo 1 ?>",
    "null",
    "None",
    "NaN",
    "\x00\x01\x1b[31mred\x1b[0m\x7f\x9b",
    "\u202egnp.exe\u202c \u2066x\u2069",
    "\u200f\u061c\u202d",
    "\ufeff\ufffe\uffff",
    "}</style> body{background:url(//example.org)}",
    "\\3c script\\3e \\27 expression(window.hacked=1)",
    "url(//example.org/x)",
    "[click](https://example.org/)",
    "![x](https://example.org/x.png)",
    "<https://example.org/>",
    "https://example.org/ www.example.org a@example.org",
    "[x]: https://example.org 'y'",
    "a | b | c |\n|---|---|\n| 1 | 2 | 3 |",
    "```\nnot code\n```",
    "`code` **bold** _it_ ~~gone~~ $x$ {{7*7}} ${7*7}",
    "# heading",
    "- item\n1. item\n---\n===",
    "> quote",
    "&lt;script&gt; &#x3c;script&#x3e; &amp;",
    "=1+1",
    '=HYPERLINK("https://example.org","x")',
    "+1-1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",
    "'=1+1",
    "a" * 3000,
    "é́́́" * 40,
    "𠮶𡃁😀👩‍👩‍👧‍👦",
    "../../etc/passwd",
    "%s %n {0} $(reboot) `reboot` ; reboot",
)


class Seen(Markup):
    """What a browser would make of a file: elements with their attributes, addresses, and text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self.addresses: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # Which class a cell has, and whether a language is known, depends on the text; neither does anything.
        self.elements[tag, tuple(sorted(name for name, _ in attrs if name not in ("class", "lang")))] += 1
        self.addresses |= {value or "" for name, value in attrs if name in ("href", "src", "srcdoc", "action", "data")}


def seen(html: str) -> Seen:
    found = Seen()
    found.feed(html)
    found.close()
    return found


MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def tokens(text: str) -> Counter[str]:
    """Kinds of tokens in a Markdown file, those within lines too."""
    blocks = MARKDOWN.parse(text)
    return Counter(token.type for block in blocks for token in (block, *(block.children or ())))


def a_document(text: str) -> Document:
    """A report with the text in every place of every block."""
    edits = tuple(align(text, f"{text} 多 x", "mixed"))
    aligned = AlignedText(system=text, edits=edits, figures=text, heard=text)
    table = Table(columns=(text, text), rows=((text, text), ("a", text)), numbers=frozenset({1}), title=text)
    chart = interval_chart([IntervalBar(label=text, value=0.5, interval=(0.1, 0.9), clips=3)], title=text)
    return Document(
        title=text,
        subtitle=text,
        language=text,
        sections=(
            Section(
                title=text,
                blocks=(
                    Paragraph(text=text),
                    Warnings(texts=(text, text)),
                    Figures(figures=(Figure(name=text, value=text, note=text, leads=True),)),
                    Facts(rows=((text, text),)),
                    table,
                    Picture(svg=chart, table=table, note=text, with_table=True),
                    Command(text=text),
                    AlignedClip(name=text, notes=(text, text), said=text, texts=(aligned, aligned)),
                ),
            ),
        ),
        foot=(text,),
    )


KINDS = set(seen(write_html(a_document("plain words 你好"))).elements)
TOKENS = tokens(write_markdown(a_document("plain words 你好")))
WITHIN_LINES = {"softbreak", "text_special", "text", "inline"}


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_html(text: str) -> None:
    found = seen(write_html(a_document(text)))
    assert set(found.elements) == KINDS
    assert found.addresses == {"#part-1"}
    assert found.others == []
    assert squeezed(shown(text)) in squeezed("".join(found.texts))


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_markdown(text: str) -> None:
    found = tokens(write_markdown(a_document(text)))
    extra = set(found) - set(TOKENS) - WITHIN_LINES
    assert extra == set()
    for kind in ("heading_open", "table_open", "tr_open", "td_open", "th_open", "list_item_open", "paragraph_open",
                 "fence", "hr", "blockquote_open", "bullet_list_open"):  # fmt: skip
        assert found[kind] == TOKENS[kind], kind


@given(st.text(alphabet="<>\"'&/=\\`*_{}[]()#+-.!|~$:@w0 1\n\t\r\x00\u202eab你", max_size=40))
@settings(max_examples=200, deadline=None)
def test_a_text_in_markdown_is_read_back_as_it_was(text: str) -> None:
    (block,) = MARKDOWN.parse(escape_markdown(text))[1:2] or (None,)
    read = "" if block is None else "".join(token.content for token in block.children or ())
    assert read == " ".join(shown(text).split())


def hostile_run(make_run: Callable[..., StoredRun], *, shift: int, **spec: Any) -> StoredRun:
    """A run with hostile texts in all its fields, each clip with another one."""
    outcomes: list[ItemOutcome] = []
    cost = Measurement(wall_seconds=0.5, cpu_seconds=0.4, audio_seconds=2.0)
    for place, text in enumerate(HOSTILE):
        other = HOSTILE[(place + shift) % len(HOSTILE)]
        outcomes.append(
            ItemResult(
                id=f"{place}{text}", reference=f"{text} 一", text=f"{other} 二", raw=text, language=text, finish="eos",
                measurement=cost, warnings=(text,), tags={text: ("a", text)[place % 2] for text in HOSTILE[:3]},
            )
        )  # fmt: skip
        outcomes.append(ItemFailure(id=f"f{place}{text}", reference=text, error=text, message=text, tags={"x": text}))
    several = " ".join(HOSTILE).encode("utf-8", "replace").decode()
    fields = ("eval_set", "set_digest", "engine", "model_id", "revision", "context", "chain", "device", "dtype")
    run = make_run(
        tuple(outcomes),
        run_id=f"{shift}{several}",
        passed={"sets": list(HOSTILE), "options": {text: text for text in HOSTILE}, several: several},
        environment={"cpu": several, "platform": several, "python": several, "packages": {several: several},
                     "git": {"commit": several}, "gpus": [{"name": several, "driver": several}]},
        set_language="zh-en", options={text: text for text in HOSTILE},
        **dict.fromkeys(fields, several) | spec,
    )  # fmt: skip
    note = CorrectionNote(set=several, hash=several, changed=1, left_out=1, stale=HOSTILE)
    return replace(run, corrections=note, record=replace(run.record, status="error", error=several))


def documents(a: StoredRun, b: StoredRun) -> dict[str, Document]:
    ruler = find_ruler("raw")
    return {
        "run": report_run(a, summarise(a, ruler=ruler), find_causes(a, ruler=ruler), ruler=ruler),
        "comparison": report_comparison(a, b, compare_runs(a, b, ruler=ruler), ruler=ruler),
        "ranking": report_ranking([a, b], rank_runs([a, b], ruler=ruler)),
    }


@pytest.fixture(scope="module")
def hostile_runs(make_run: Callable[..., StoredRun]) -> tuple[StoredRun, StoredRun]:
    return hostile_run(make_run, shift=1), hostile_run(make_run, shift=2)


@pytest.fixture(scope="module")
def hostile_documents(hostile_runs: tuple[StoredRun, StoredRun]) -> dict[str, Document]:
    """Reports that show every clip of runs full of hostile texts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clips, "WORST", 1000)
        patch.setattr(comparison_report, "MOST_CHANGED", 1000)
        return documents(*hostile_runs)


def test_reports_of_hostile_runs_have_the_elements_of_plain_ones(
    make_run: Callable[..., StoredRun], hostile_documents: dict[str, Document]
) -> None:
    plain = documents(make_run(), make_run(run_id="other", batch_size=2))
    known = {kind for document in plain.values() for kind in seen(write_html(document)).elements} | KINDS
    for name, document in hostile_documents.items():
        found = seen(write_html(document))
        assert set(found.elements) <= known, name
        assert {one for one in found.addresses if not one.startswith("#part-")} == set()
        assert found.others == []
        assert set(tokens(write_markdown(document))) <= set(TOKENS) | WITHIN_LINES, name


def test_cells_of_hostile_runs_are_no_formulas_and_read_back(hostile_runs: tuple[StoredRun, StoredRun]) -> None:
    a, b = hostile_runs
    ruler = find_ruler("raw")
    compared = compare_runs(a, b, ruler=ruler)
    for text in (
        run_csv(summarise(a, ruler=ruler)),
        comparison_csv(compared),
        ranking_csv(rank_runs([a, b], ruler=ruler)),
    ):
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert len({len(row) for row in rows}) == 1
        cells = [cell for row in rows for cell in row]
        assert not [cell for cell in cells if cell.startswith(tuple("=+@＝＋－＠\t\r\n"))]
        assert all(_is_number(cell) for cell in cells if cell.startswith("-"))
    read = list(csv.DictReader(io.StringIO(comparison_csv(compared), newline="")))
    assert [unguarded(row["reference"]) for row in read] == [row.a.reference for row in compared.rows]


def _is_number(cell: str) -> bool:
    try:
        return bool(float(cell)) or True
    except ValueError:
        return False


@pytest.mark.browser
def test_a_browser_runs_and_loads_nothing(hostile_documents: dict[str, Document], tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(chromium).exists():
        pytest.skip("needs Chromium (Debian package chromium)")
    playwright = pytest.importorskip("playwright.sync_api")
    asked: list[str] = []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, document in hostile_documents.items():
            path = tmp_path / f"{name}.html"
            html = write_html(document)
            path.write_text(html, encoding="utf-8")
            page = browser.new_page()
            page.on("request", lambda request: asked.append(request.url))
            page.on("dialog", lambda dialog: asked.append("dialog"))
            page.goto(path.as_uri())
            page.wait_for_timeout(100)
            assert page.evaluate("window.hacked") is None
            assert page.evaluate("document.scripts.length") == 0
            # The browser's own reading has as many elements as ours: nothing broke out, and nothing was dropped.
            read = page.evaluate("[...document.querySelectorAll('*')].map(one => one.localName)")
            ours = Counter(element for (element, _), count in seen(html).elements.items() for _ in range(count))
            assert Counter(map(str.lower, read)) == ours
            page.close()
        browser.close()
    assert asked == [(tmp_path / f"{name}.html").as_uri() for name in hostile_documents]


def test_the_detector_sees_what_breaks_out() -> None:
    html = write_html(a_document("x")).replace("<main>", "<main><script>window.hacked=1</script>")
    assert ("script", ()) in set(seen(html).elements) - KINDS
    assert "html_inline" in tokens("a <script>b</script>")
