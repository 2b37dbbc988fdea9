"""What a run was made of and with, fact by fact, and what a fact that differs can change."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from workbench.runs.records import RunSpec

Effect = Literal["text", "time", "neither"]
"""The most that a difference can change: what is heard (and how long it takes), how long it takes alone, or neither."""
EFFECTS: tuple[Effect, ...] = ("text", "time", "neither")

_ROUNDING = "Numbers are rounded otherwise, and where two words are about as likely another one may win."
_CODE = "Other code computes."
_SPEC: Mapping[str, tuple[str, Effect, str]] = {
    "eval_set": ("set", "neither", "A name; the digest says whether the clips are the same."),
    "set_digest": ("set digest", "text", "Other clips, references or recordings, or another order."),
    "items": ("clips", "text", "Not the same clips."),
    "set_language": ("set language", "neither", "It decides which ruler and which measure lead."),
    "engine": ("engine", "text", "Another engine or model."),
    "model_id": ("model", "text", "Other weights."),
    "revision": ("model revision", "text", "Other weights."),
    "language": ("language told", "text", "The engine was told another language."),
    "context": ("context", "text", "The engine expected other terms."),
    "chain": ("chain", "text", "The engine heard other sound."),
    "device": ("device", "text", _ROUNDING),
    "dtype": ("precision", "text", _ROUNDING),
    "batch_size": ("batch size", "text", f"Clips are padded to the longest of a batch. {_ROUNDING}"),
    "chunk_seconds": ("chunk length", "text", "Clips were cut elsewhere, or not at all."),
    "seed": ("seed", "text", "Whatever is drawn at random is drawn otherwise."),
}
_COMPUTING = frozenset(
    {
        *("asr-workbench", "torch", "transformers", "tokenizers", "accelerate", "ctranslate2", "faster-whisper"),
        *("onnxruntime", "numpy", "scipy", "av", "soxr", "silero-vad"),
    }
)
"""Packages that decode, prepare or recognise; the others are asked when texts are compared or shown."""
_MACHINE: Mapping[str, tuple[str, Effect, str]] = {
    "cpu": ("processor", "text", _ROUNDING),
    "cpus": ("processors", "time", "More or fewer compute."),
    "cpus_usable": ("processors usable", "time", "More or fewer compute."),
    "memory_bytes": ("memory", "neither", "As long as it is enough."),
    "platform": ("system", "time", "Scheduling and libraries of the system."),
    "python": ("Python", "time", "Everything around the engine."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that was so when a run was made.

    Attributes:
        name: What people call it.
        value: A plain value; None where it is known that there was none.
        effect: The most that another value can change.
        why: How, as a sentence.
    """

    name: str
    value: Any
    effect: Effect
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactDifference:
    """One thing that was not the same in A and B."""

    name: str
    a: Any
    b: Any
    effect: Effect
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """How two runs were made, held against each other.

    Attributes:
        differences: What can change the text first, then the time, then neither.
        same: Names of what was the same.
        doubts: What cannot be told, a sentence each.
    """

    differences: tuple[FactDifference, ...]
    same: tuple[str, ...]
    doubts: tuple[str, ...]

    def that_change(self, effect: Effect) -> tuple[FactDifference, ...]:
        """The differences of one kind."""
        return tuple(one for one in self.differences if one.effect == effect)


def compare_making(
    spec_a: RunSpec, environment_a: Mapping[str, Any], spec_b: RunSpec, environment_b: Mapping[str, Any]
) -> Making:
    """Hold what A was made of and with against what B was."""
    facts_a, facts_b = (
        {fact.name: fact for fact in (*spec_facts(spec), *environment_facts(environment))}
        for spec, environment in ((spec_a, environment_a), (spec_b, environment_b))
    )
    common = [name for name in facts_a if name in facts_b]
    found = [
        FactDifference(
            name=name, a=facts_a[name].value, b=facts_b[name].value, effect=facts_a[name].effect, why=facts_a[name].why
        )
        for name in common
        if _plain(facts_a[name].value) != _plain(facts_b[name].value)
    ]
    found.sort(key=lambda one: EFFECTS.index(one.effect))
    changed = {one.name for one in found}
    return Making(
        differences=tuple(found),
        same=tuple(name for name in common if name not in changed),
        doubts=(*_not_recorded(facts_a, facts_b), *_unknown_code(environment_a, environment_b)),
    )


def spec_facts(spec: RunSpec) -> Iterator[Fact]:
    """What was asked for, each option of the engine by itself."""
    for field, (name, effect, why) in _SPEC.items():
        yield Fact(name=name, value=getattr(spec, field), effect=effect, why=why)
    for option, value in spec.options.items():
        yield Fact(name=f"option {option}", value=value, effect="text", why="The engine decodes otherwise.")


def environment_facts(environment: Mapping[str, Any]) -> Iterator[Fact]:
    """Code, packages and machine; what was not recorded then is not there."""
    git = _mapping(environment, "git")
    if "git" in environment:
        yield Fact(name="code", value=git.get("commit"), effect="text", why=_CODE)
        yield Fact(name="code changed", value=git.get("dirty"), effect="text", why=_CODE)
    for package, version in _mapping(environment, "packages").items():
        effect, why = ("text", _CODE) if package in _COMPUTING else ("neither", "It is not asked for the texts.")
        yield Fact(name=f"package {package}", value=version, effect=cast("Effect", effect), why=why)
    for field, (name, effect, why) in _MACHINE.items():
        if field in environment:
            yield Fact(name=name, value=environment[field], effect=effect, why=why)
    if "gpus" in environment:
        yield Fact(name="GPUs", value=environment["gpus"], effect="text", why=_ROUNDING)
    for variable, threads in _mapping(environment, "threads").items():
        yield Fact(name=variable, value=threads, effect="time", why="More or fewer threads compute.")
    for ruler, made in _mapping(environment, "rulers").items():
        yield Fact(name=f"ruler {ruler}", value=made, effect="neither", why="Texts stay; rates under it may not.")


def _mapping(environment: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = environment.get(name)
    return cast("Mapping[str, Any]", found) if isinstance(found, Mapping) else {}


def _plain(value: Any) -> str:
    """The value as it is on disk: a tuple that was read back is a list."""
    return json.dumps(value, sort_keys=True, default=str)


def _not_recorded(a: Mapping[str, Fact], b: Mapping[str, Fact]) -> Iterator[str]:
    for letter, here, there in (("A", a, b), ("B", b, a)):
        lacking = [name for name in there if name not in here]
        if lacking:
            yield f"Not recorded of {letter}, so whether it differs is not known: {', '.join(lacking)}."


def _unknown_code(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[str]:
    git_a, git_b = (_mapping(one, "git") for one in (a, b))
    if git_a.get("dirty") and git_b.get("dirty") and git_a.get("commit") == git_b.get("commit"):
        yield "Both were made with code that had changes since its commit: whether these were the same is not recorded."
