"""Reports of runs to hand on: one document, written as self-contained HTML or as Markdown.

    run, comparison  →  Document (plain values and charts)  →  html.write_html | markdown.write_markdown

What a report says is decided once, in `run_report` and `comparison_report`; how it looks, in the two writers. Only the
writers make markup, and every text of a document is data to them.
"""
