"""Read the sandbox's own files strictly: what is not understood is named, with its line.

A seed file and a fault plan are YAML (JSON is YAML as well). Nothing is ignored: an unknown key is
an error that names the key that may have been meant.
"""

import difflib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from rigtasks.errors import Rejected

T = TypeVar("T")
_Place = tuple[int, int]
_Step = str | int

_PLACE = re.compile(r"(?P<words>.*?)(?: - at `(?P<key>key in )?(?P<path>\$.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_UNKNOWN_KEY = re.compile(r"Object contains unknown field `(?P<name>.*)`")
_LARGEST = 4 * 1024 * 1024


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
        tree = YAML(typ="rt").load(content.decode("utf-8-sig"))
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
    plain = _plain({} if tree is None else tree, (), places)
    try:
        read = read_data(plain, kind)
        if check is not None:
            check(read)
    except DataInvalid as error:
        line, column = _nearest(error, places)
        raise DataInvalid(
            error.problem, path=error.path, where=f"{path}:{line}:{column}"
        ) from error
    return read


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
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


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
