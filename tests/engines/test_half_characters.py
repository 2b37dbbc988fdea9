"""JSON can name halves of characters, which no file can hold: a server's answer has none when it was read."""

from __future__ import annotations

import json

from workbench.engines.base import DecodeOptions
from workbench.engines.openai_answers import Answer, read_hypothesis


def test_half_a_character_in_an_answer_is_replaced_and_a_whole_one_stays() -> None:
    body = rb'{"text": "a \ud800 b \ud83d\ude00", "segments": [{"start": 0, "end": 1, "text": "\udc00"}]}'
    document = Answer(status=200, headers={}, body=body).document
    found = read_hypothesis(document, DecodeOptions())
    assert (found.text, found.segments[0].text) == ("a ? b \N{GRINNING FACE}", "?")
    json.dumps(document, ensure_ascii=False).encode()


def test_an_answer_that_is_none_is_none() -> None:
    assert Answer(status=200, headers={}, body=b"{").document is None
