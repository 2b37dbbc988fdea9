"""What the browser asks of the transcript that is edited on the page, and what it is answered.

The browser shows an edit at once and sends it; the answer holds what has to be shown otherwise since: rows and parts
that changed. So an edit costs the same in two minutes and in two hours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench import services
from workbench.errors import UsageError, WorkbenchError
from workbench.pipeline.edited import EditedTranscript
from workbench.pipeline.edits import (
    AssignSpeaker,
    CheckFlag,
    Edit,
    MergeWithNext,
    NameSpeaker,
    RefuseChange,
    ReplaceSegments,
    SetText,
    SplitSegment,
)
from workbench.pipeline.paragraphs import paragraphs
from workbench.pipeline.transcript import Transcript, clock
from workbench.ui.answers import Answer, Answers
from workbench.ui.context import PageContext
from workbench.ui.editor_files import EditorFiles
from workbench.ui.editor_view import part_views, row_views
from workbench.ui.notices import notice, page_error

Request = dict[str, Any]
Reply = dict[str, Any]


class Editor:
    """Applies what the browser asks for to the answer that it names."""

    def __init__(self, context: PageContext) -> None:
        self.labels = context.labels
        self.answers = Answers()
        self.files = EditorFiles(context)
        self._edits: dict[str, Callable[[Answer, Request], EditedTranscript]] = {
            "set": self._set,
            "split": self._split,
            "merge": lambda answer, asked: answer.edited.edit(MergeWithNext(segment=_number(asked, "segment"))),
            "undo": lambda answer, _: answer.edited.undo(),
            "redo": lambda answer, _: answer.edited.redo(),
            "name": self._name,
            "assign": self._assign,
            "check": self._check,
            "correct": self._correct,
            "refuse": self._refuse,
            "take": self._take,
        }

    def ask(self, asked: Any) -> Reply:
        """One request of the browser, a JSON object: `key` of the answer, `act`, and what that needs.

        Returns:
            `key`, `base` and `revision`; `rows`: [number, HTML] of each that changed; `order`: all numbers, where rows
            came or went; `parts`: HTML by name; `error`: HTML. For `copy` also `text`, for `download` also `url`,
            `name` and `note`.
        """
        request: Request = asked if isinstance(asked, dict) else {}
        answer = self.answers.find(str(request.get("key", "")))
        if answer is None:
            return {"error": notice(self.labels.answer_gone, self.labels.answer_gone_hint, kind="error"), "gone": True}
        act = str(request.get("act", ""))
        try:
            if act == "copy":
                return {"text": copied_text(answer.edited.view(), with_times=bool(request.get("times")))}
            if act == "download":
                return self.files.make(answer, str(request.get("format", "")))
            with answer.lock:
                return self._edit(answer, act, request)
        except Exception as error:
            return {"key": answer.key, "error": page_error(error, self.labels)}

    def fill(self, answer: Answer) -> None:
        """Have the answer's rows and parts as they are to be shown, all of them."""
        with answer.lock:
            self.answers.add(answer)
            view = answer.edited.view()
            answer.rows = row_views(answer, view, self.labels)
            answer.parts = part_views(answer, view, self.labels)
            answer.revision += 1

    def _edit(self, answer: Answer, act: str, request: Request) -> Reply:
        error = ""
        try:
            if act in self._edits:
                answer.edited = self._edits[act](answer, request)
            elif act != "refresh":
                raise UsageError(self.labels.strange_request, hint=self.labels.reload_hint)
        except WorkbenchError as problem:
            error = page_error(problem, self.labels)
        # What the browser shows already stands for its own row: that one is sent in any case.
        always = {_number(request, "segment")} if "segment" in request else set[int]()
        return self._since(answer, always, everything=act == "refresh") | {"error": error}

    def _since(self, answer: Answer, always: set[int], *, everything: bool) -> Reply:
        """What has to be shown otherwise than it was sent last."""
        rows, parts, base = answer.rows, answer.parts, answer.revision
        self.fill(answer)
        changed = [
            [number, view]
            for number, view in answer.rows.items()
            if everything or number in always or rows.get(number) != view
        ]
        return {
            "key": answer.key,
            "base": base,
            "revision": answer.revision,
            "rows": changed,
            "order": list(answer.rows) if everything or list(rows) != list(answer.rows) else None,
            "parts": {name: view for name, view in answer.parts.items() if everything or parts.get(name) != view},
        }

    def _set(self, answer: Answer, asked: Request) -> EditedTranscript:
        number, text = _number(asked, "segment"), " ".join(str(asked.get("text", "")).split())
        here = next((one for one in answer.edited.passages if one.id == number), None)
        if here is not None and here.text == text:
            return answer.edited
        return answer.edited.edit(SetText(segment=number, text=text))

    def _split(self, answer: Answer, asked: Request) -> EditedTranscript:
        edited = self._set(answer, asked)
        return edited.edit(SplitSegment(segment=_number(asked, "segment"), at=_number(asked, "at")))

    def _name(self, answer: Answer, asked: Request) -> EditedTranscript:
        label, name = str(asked.get("label", "")), " ".join(str(asked.get("name", "")).split())
        return answer.edited.edit(NameSpeaker(label=label, name=name))

    def _assign(self, answer: Answer, asked: Request) -> EditedTranscript:
        return answer.edited.edit(AssignSpeaker(segment=_number(asked, "segment"), label=str(asked.get("label", ""))))

    def _check(self, answer: Answer, asked: Request) -> EditedTranscript:
        flags, number = answer.edited.flags, _number(asked, "flag")
        if not 0 <= number < len(flags):
            raise UsageError(self.labels.strange_request, hint=self.labels.reload_hint)
        return answer.edited.edit(CheckFlag(flag=flags[number][0], checked=bool(asked.get("checked"))))

    def _correct(self, answer: Answer, asked: Request) -> EditedTranscript:
        rules = [str(rule) for rule in asked.get("rules", [])]
        pairs = services.parse_replacements(str(asked.get("replacements", "")), self.labels.own_replacements)
        if tuple(rules) == answer.edited.rules and pairs == answer.edited.replacements:
            return answer.edited
        return services.correct_transcript(answer.edited, corrections=rules, replacements=pairs)

    def _refuse(self, answer: Answer, asked: Request) -> EditedTranscript:
        number, start, rule = _number(asked, "segment"), _number(asked, "start"), str(asked.get("rule", ""))
        for one in answer.edited.shown():
            for change in one.changes:
                if one.passage.id == number and change.start == start and change.rule == rule:
                    refused = bool(asked.get("refused"))
                    return answer.edited.edit(RefuseChange(segment=number, change=change, refused=refused))
        raise UsageError(self.labels.strange_request, hint=self.labels.reload_hint)

    def _take(self, answer: Answer, _: Request) -> EditedTranscript:
        proposal = answer.proposal
        if proposal is None:
            return answer.edited
        edit: Edit = ReplaceSegments(segments=proposal.segments, rerun=proposal.rerun)
        edited = answer.edited.edit(edit)
        answer.proposal = None
        return edited


def copied_text(view: Transcript, *, with_times: bool) -> str:
    """The text in paragraphs, with who says each and, where wanted, when it begins."""
    lines: list[str] = []
    for one in paragraphs(view):
        stamp = f"[{clock(one.start)[:8]}] " if with_times else ""
        name = f"{one.speaker}: " if one.speaker else ""
        lines.append(f"{stamp}{name}{one.text}")
    return "\n\n".join(lines) or view.text


def _number(asked: Request, name: str) -> int:
    """A whole number of a request; -1, which nothing is called, where it is none."""
    value = asked.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else -1
