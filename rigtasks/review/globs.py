"""Match paths against patterns in time that no pattern can blow up.

`*` and `?` stay within a path segment, `**` spans segments, a pattern without a slash matches a
name at any depth, a trailing slash means everything below. Case does not count: a protected file
must not slip through on a file system that ignores case.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeVar

Item = TypeVar("Item")


@lru_cache(maxsize=8192)
def matches(path: str, pattern: str) -> bool:
    """Say whether `path` falls under `pattern`; a matched folder covers what is below it."""
    wanted = pattern.strip().casefold()
    if not wanted.strip("/"):
        return False
    anchored = "/" in wanted.rstrip("/")
    segments = [part for part in wanted.split("/") if part]
    if not anchored:
        segments = ["**", *segments]
    if segments[-1] != "**":
        segments.append("**")
    names = [part for part in path.casefold().split("/") if part]
    if wanted.endswith("/") or pattern.rstrip().endswith("/**"):
        return _spans([*segments[:-1], "*", "**"], names)
    return _spans(segments, names)


def first_match(path: str, patterns: Sequence[str]) -> str | None:
    """Return the first of `patterns` that covers `path`."""
    return next((pattern for pattern in patterns if matches(path, pattern)), None)


def _spans(pattern: Sequence[str], names: Sequence[str]) -> bool:
    """Match segments; `**` stands for any number of them."""
    return _wild(pattern, names, star="**", same=_name_matches)


def _name_matches(pattern: str, name: str) -> bool:
    """Match one segment; `*` stands for any characters and `?` for one."""
    return _wild(pattern, name, star="*", same=lambda want, have: want in ("?", have))


def _wild(
    pattern: Sequence[Item],
    items: Sequence[Item],
    *,
    star: Item,
    same: Callable[[Item, Item], bool],
) -> bool:
    """Match with one wildcard by going back to the last one only: at most len times len steps."""
    at = index = mark = 0
    last_star = -1
    while index < len(items):
        if at < len(pattern) and pattern[at] == star:
            last_star, mark = at, index
            at += 1
        elif at < len(pattern) and same(pattern[at], items[index]):
            at += 1
            index += 1
        elif last_star >= 0:
            mark += 1
            at, index = last_star + 1, mark
        else:
            return False
    return all(part == star for part in pattern[at:])
