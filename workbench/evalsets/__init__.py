"""Labelled recordings: sets by name or path, their parts, and several as one."""

from workbench.evalsets.load import SetInfo, find_set, list_sets, load_manifest
from workbench.evalsets.model import EvalItem, EvalSet
from workbench.evalsets.selection import first_items, join_sets, parse_conditions, where

__all__ = [
    "EvalItem",
    "EvalSet",
    "SetInfo",
    "find_set",
    "first_items",
    "join_sets",
    "list_sets",
    "load_manifest",
    "parse_conditions",
    "where",
]
