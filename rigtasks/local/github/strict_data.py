"""Read the sandbox's own files strictly: what is not understood is named, with its line.

A seed file and a fault plan are YAML (JSON is YAML as well). Nothing is ignored: an unknown key is
an error that names the key that may have been meant, and so are tags, anchors, aliases and merge
keys, which say more than what is written there.
"""

import difflib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from rigtasks.errors import Rejected

T = TypeVar("T")
_Place = tuple[int, int]
_Step = str | int

_PLACE = re.compile(r"(?P<words>.*?)(?: - at `(?P<key>key in )?(?P<path>\$.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_UNKNOWN_KEY = re.compile(r"Object contains unknown field `(?P<name>.*)`")
_LARGEST = 4 * 1024 * 1024
_DEEPEST = 50


class DataInvalid(Rejected):
    """Data that is not what was asked for; the message names the place and what is wrong.

    Args:
        problem: what is wrong, and what to write instead.
        path: the place in the data, `$.repositories[0].name`.
        where: file, line and column, where it came from a file.
    """

    def __init__(self, problem: str, *, path: str = "", where: str = "") -> None:
        at = f" (at {path})" if path and path != "$" else ""
        super().__init__(f"{where}: {problem}{at}" if where else f"{problem}{at}", code="invalid")
        self.problem = problem
        self.path = path


def read_data(data: Any, kind: type[T]) -> T:
    """Read plain data into a type.

    Raises:
        DataInvalid: it does not fit.
    """
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        words, path = _split(str(error))
        raise DataInvalid(_in_words(words, kind), path=path) from error


def read_file(path: Path, kind: type[T], *, check: Callable[[T], None] | None = None) -> T:
    """Read a YAML or JSON file into a type.

    Args:
        path: the file.
        kind: what it holds.
        check: looks at the whole; raises `DataInvalid` with a path, which gets its line here.

    Raises:
        DataInvalid: it cannot be read, is not YAML, or does not fit.
    """
    try:
        content = path.read_bytes()
        if len(content) > _LARGEST:
            raise DataInvalid(f"larger than {_LARGEST:,} bytes", where=str(path))
        text = content.decode("utf-8-sig")
        _refuse_odd_yaml(text, path)
        tree = YAML(typ="rt").load(text)
    except OSError as error:
        raise DataInvalid(f"cannot be read: {error.strerror}", where=str(path)) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise DataInvalid(f"not YAML: {error.problem or error.context}", where=where) from error
    except RecursionError as error:
        raise DataInvalid("nested too deep", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise DataInvalid("not UTF-8", where=str(path)) from error
    except (YAMLError, ValueError) as error:
        raise DataInvalid(f"not YAML: {str(error).splitlines()[0]}", where=str(path)) from error
    places: dict[tuple[_Step, ...], _Place] = {(): (1, 1)}
    try:
        plain = _plain({} if tree is None else tree, (), places)
        read = read_data(plain, kind)
        if check is not None:
            check(read)
    except DataInvalid as error:
        line, column = _nearest(error, places)
        raise DataInvalid(
            error.problem, path=error.path, where=f"{path}:{line}:{column}"
        ) from error
    return read


def _refuse_odd_yaml(text: str, path: Path) -> None:
    """Refuse what a plain document does not need, before anything is built from it."""
    depth = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        if isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            depth -= 1
        odd = _odd(event, depth)
        if odd:
            mark = event.start_mark
            raise DataInvalid(odd, where=f"{path}:{mark.line + 1}:{mark.column + 1}")


def _odd(event: Any, depth: int) -> str:
    if depth > _DEEPEST:
        return "nested too deep"
    if not isinstance(event, NodeEvent):
        return ""
    if isinstance(event, AliasEvent) or event.anchor is not None:
        return f"`{event.anchor}` is an anchor or an alias: write out what it stands for"
    tag = getattr(event, "tag", None)
    if tag is not None:
        return f"`{tag}` is a tag, which means nothing here: put text in quotes"
    if isinstance(event, ScalarEvent) and event.value == "<<" and event.implicit[0]:
        return "`<<` merges keys: write them out"
    return ""


def _plain(node: Any, path: tuple[_Step, ...], places: dict[tuple[_Step, ...], _Place]) -> Any:
    """Turn what the parser made into plain values, and note where each was written."""
    if isinstance(node, dict):
        plain = {}
        for key, value in node.items():
            places[*path, str(key)] = _of_key(node, key)
            plain[str(key)] = _plain(value, (*path, str(key)), places)
        return plain
    if isinstance(node, list):
        for place in range(len(node)):
            places[*path, place] = _of_item(node, place)
        return [_plain(value, (*path, place), places) for place, value in enumerate(node)]
    if isinstance(node, str):
        if any("\ud800" <= character <= "\udfff" for character in node):
            raise DataInvalid("half a character is no text", path=_written(path))
        return str(node)
    for kind in (bool, int, float):
        if isinstance(node, kind):
            return kind(node)
    return node


def _written(path: tuple[_Step, ...]) -> str:
    return "$" + "".join(f".{one}" if isinstance(one, str) else f"[{one}]" for one in path)


def _of_key(node: Any, key: Any) -> _Place:
    line, column = node.lc.key(key)
    return line + 1, column + 1


def _of_item(node: Any, place: int) -> _Place:
    line, column = node.lc.item(place)
    return line + 1, column + 1


def _split(message: str) -> tuple[str, str]:
    found = _PLACE.fullmatch(message)
    assert found is not None  # noqa: S101 - every part is optional
    return found["words"], found["path"] or "$"


def _in_words(words: str, kind: type[Any]) -> str:
    unknown = _UNKNOWN_KEY.fullmatch(words)
    if unknown is None:
        return words
    near = difflib.get_close_matches(unknown["name"], _names(kind), n=1)
    hint = f"; did you mean `{near[0]}`?" if near else ""
    return f"unknown key `{unknown['name']}`{hint}"


def _names(kind: type[Any]) -> list[str]:
    parts = msgspec.json.schema(kind).get("$defs", {}).values()
    return sorted({name for part in parts for name in part.get("properties", {})})


def _nearest(error: DataInvalid, places: dict[tuple[_Step, ...], _Place]) -> _Place:
    path: tuple[_Step, ...] = tuple(
        int(number) if number.isdecimal() else name or number
        for name, number in _STEP.findall(error.path)
    )
    if (unknown := re.match(r"unknown key `(.*?)`", error.problem)) is not None:
        path = (*path, unknown[1])
    while path not in places:
        path = path[:-1]
    return places[path]
