"""The repository as the rules see it: source files, test files, and where a name is defined."""

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rigtasks.agent.scripted.tokens import NAME, Token, tokenise

_SKIPPED = {"node_modules", "venv", "dist", "build", "target", "__pycache__"}
_SUFFIXES = {".py", ".js", ".mjs", ".cjs"}
_TEST_FOLDERS = {"test", "tests", "__tests__", "spec"}
_TEST_NAME = re.compile(r"(test_.*|.*_test)\.py|.*\.(test|spec)\.[cm]?js")
_LARGEST = 200_000
_SCRIPT_DEFINITION = re.compile(
    r"^[ \t]*(?:export\s+)?(?:default\s+)?(?:"
    r"(?:async\s+)?function\s*\*?\s*(?P<function>[\w$]+)"
    r"|(?:const|let|var)\s+(?P<value>[\w$]+)\s*="
    r"|(?:static\s+)?(?:async\s+)?(?P<method>(?!if\b|for\b|while\b|switch\b|catch\b)[\w$]+)\s*\([^)]*\)\s*\{"
    r")",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Definition:
    """A function or a constant: where it stands and the names it uses.

    `start` and `end` are offsets in the file; `distance` counts the calls from the issue's
    function to this one.
    """

    name: str
    path: str
    start: int
    end: int
    used: frozenset[str]
    distance: int = 0


class Sources:
    """The texts of a working copy, by path relative to its root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.code: dict[str, str] = {}
        self.tests: dict[str, str] = {}
        for path in _files(root):
            name = path.relative_to(root).as_posix()
            text = path.read_text(encoding="utf-8", errors="replace")
            (self.tests if is_test(name) else self.code)[name] = text

    def definitions(self) -> Iterator[Definition]:
        """Yield every function and module-level value of the code."""
        for path, text in self.code.items():
            yield from _python(path, text) if path.endswith(".py") else _script(path, text)


def is_test(path: str) -> bool:
    """Tell a test file by its name or its folder."""
    parts = path.split("/")
    return bool(_TEST_NAME.fullmatch(parts[-1])) or not _TEST_FOLDERS.isdisjoint(parts[:-1])


def is_source(path: str) -> bool:
    """Tell code that is not a test."""
    return Path(path).suffix in _SUFFIXES and not is_test(path)


def reachable(definitions: list[Definition], names: set[str]) -> list[Definition]:
    """Return what the named functions consist of, nearest first, three calls deep."""
    found: list[Definition] = []
    seen: set[str] = set()
    wanted = set(names)
    for distance in range(3):
        layer = [item for item in definitions if item.name in wanted and item.name not in seen]
        found += [Definition(d.name, d.path, d.start, d.end, d.used, distance) for d in layer]
        seen |= wanted
        wanted = {name for item in layer for name in item.used} - seen
    return found


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            name for name in folders if name not in _SKIPPED and not name.startswith(".")
        )
        for name in sorted(names):
            path = Path(folder, name)
            small = path.is_file() and path.stat().st_size <= _LARGEST
            if path.suffix in _SUFFIXES and not path.is_symlink() and small:
                yield path


def _python(path: str, text: str) -> Iterator[Definition]:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return  # a file that cannot run cannot be searched for the bug either
    lines = [0]
    for line in text.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            name, first = node.name, _position((body or node.body)[0])
        elif isinstance(node, ast.Assign) and node in tree.body:
            targets = [target for target in node.targets if isinstance(target, ast.Name)]
            if not targets:
                continue
            name, first = targets[0].id, _position(node.value)
        else:
            continue
        end = lines[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        start = lines[first[0] - 1] + first[1]
        used = {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}
        used |= {item.attr for item in ast.walk(node) if isinstance(item, ast.Attribute)}
        yield Definition(name, path, start, end, frozenset(used))


def _position(node: ast.stmt | ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _script(path: str, text: str) -> Iterator[Definition]:
    tokens = tokenise(text, python=False)
    for match in _SCRIPT_DEFINITION.finditer(text):
        name = match["function"] or match["value"] or match["method"]
        inside = _statement([token for token in tokens if token.start >= match.end()], text)
        if inside:
            used = frozenset(token.text for token in inside if token.kind == NAME)
            yield Definition(name, path, inside[0].start, inside[-1].end, used)


def _statement(tokens: list[Token], text: str) -> list[Token]:
    """Return the tokens up to where the function or value ends."""
    depth = 0
    taken: list[Token] = []
    for token in tokens:
        if depth == 0 and taken and _ends(taken[-1], token, text):
            break
        taken.append(token)
        if token.text in {"(", "[", "{"}:
            depth += 1
        elif token.text in {")", "]", "}"}:
            depth -= 1
            if depth < 0:
                return taken[:-1]
    return taken


def _ends(last: Token, following: Token, text: str) -> bool:
    if last.text in {";", "}"}:
        return True
    new_line = "\n" in text[last.end : following.start]
    return (
        new_line
        and following.text not in {".", "?.", "{", "?", ":", "&&", "||", "+"}
        and (last.text not in {"=>", "=", "(", ",", "&&", "||", "?", ":", "+"})
    )
