"""Hold what a schema says about itself against what GitHub's says about itself, for one query."""

from typing import Any


def part_of(ours: Any, theirs: Any, place: str) -> list[str]:
    """Say in words where an answer about a schema is no part of GitHub's to the same query.

    A list may lack entries that GitHub's has, but not all of them; every entry has to be one of
    GitHub's, and every value the same.
    """
    if isinstance(ours, dict) and isinstance(theirs, dict):
        if ours.keys() != theirs.keys():
            return [f"{place}: has {sorted(ours)}, and GitHub {sorted(theirs)}"]
        return [
            one
            for key, value in ours.items()
            for one in part_of(value, theirs[key], f"{place}.{key}")
        ]
    if isinstance(ours, list) and isinstance(theirs, list):
        if theirs and not ours:
            return [f"{place}: is empty, and GitHub's is not"]
        return [one for each in ours for one in _entry(each, theirs, place)]
    same = type(ours) is type(theirs) and ours == theirs
    return [] if same else [f"{place}: is {ours!r}, and {theirs!r} at GitHub's"]


def _entry(ours: Any, theirs: list[Any], place: str) -> list[str]:
    name = ours.get("name") if isinstance(ours, dict) else None
    named = [one for one in theirs if name is not None and one.get("name") == name]
    if name is not None and not named:
        return [f"{place}: {name} is none of GitHub's"]
    if not theirs:
        return [f"{place}: has {ours!r}, and nothing at GitHub's"]
    fitting = [part_of(ours, one, f"{place}.{name or '[]'}") for one in named or theirs]
    return min(fitting, key=len)
