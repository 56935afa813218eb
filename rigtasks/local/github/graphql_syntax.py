"""Read a GraphQL document: operations, fields, arguments, variables and fragments.

Directives, subscriptions and type definitions are not part of this subset and are refused.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec

_TOKEN = re.compile(
    r"""[\s,\ufeff]+|\#[^\n\r]*
    |(?P<spread>\.\.\.)
    |(?P<mark>[!$():=@\[\]{}|&])
    |(?P<name>[_A-Za-z][_0-9A-Za-z]*)
    |(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<block>\"\"\"(?:.|\n)*?\"\"\")
    |(?P<string>"(?:[^"\\\n]|\\.)*")""",
    re.VERBOSE,
)
_DEEPEST = 40


class GraphqlSyntaxError(Exception):
    """The document cannot be read; `line` and `column` count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class Variable(msgspec.Struct, frozen=True):
    """The use of a variable as a value."""

    name: str


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A selected field."""

    name: str
    alias: str
    arguments: dict[str, Any]
    selections: "tuple[Selection, ...]"
    line: int
    column: int


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """A named fragment, or an inline one with its own selections."""

    fragment: str | None
    on: str | None
    selections: "tuple[Selection, ...]"
    line: int
    column: int


Selection = Field | Spread


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """A query or mutation; `variables` are its declared defaults by name."""

    kind: str
    name: str | None
    variables: dict[str, Any]
    required: frozenset[str]
    selections: tuple[Selection, ...]


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """Everything in one request."""

    operations: tuple[Operation, ...]
    fragments: dict[str, Spread]


class _Token(msgspec.Struct, frozen=True):
    kind: str
    text: str
    line: int
    column: int


def parse(source: str) -> Document:
    """Read a document.

    Raises:
        GraphqlSyntaxError: it is not in the supported subset.
    """
    return _Parser(_tokens(source)).document()


def _tokens(source: str) -> list[_Token]:
    tokens = []
    position, line, line_start = 0, 1, 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        column = position - line_start + 1
        if match is None:
            character = source[position]
            raise GraphqlSyntaxError(f'Unexpected character "{character}"', line, column)
        if match.lastgroup is not None:
            tokens.append(_Token(match.lastgroup, match[0], line, column))
        newlines = match[0].count("\n")
        if newlines:
            line += newlines
            line_start = position + match[0].rindex("\n") + 1
        position = match.end()
    tokens.append(_Token("end", "end of file", line, position - line_start + 1))
    return tokens


class _Parser:
    """A recursive descent over the tokens."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._position = 0
        self._depth = 0

    def document(self) -> Document:
        operations: list[Operation] = []
        fragments: dict[str, Spread] = {}
        while self._next.kind != "end":
            if self._next.text == "fragment":
                name, fragment = self._fragment()
                fragments[name] = fragment
            else:
                operations.append(self._operation())
        if not operations:
            raise self._error("Expected an operation")
        return Document(operations=tuple(operations), fragments=fragments)

    @property
    def _next(self) -> _Token:
        return self._tokens[self._position]

    def _error(self, message: str) -> GraphqlSyntaxError:
        token = self._next
        return GraphqlSyntaxError(f'{message}, got "{token.text}"', token.line, token.column)

    def _take(self, *, kind: str | None = None, text: str | None = None) -> _Token:
        token = self._next
        if (kind is not None and token.kind != kind) or (text is not None and token.text != text):
            raise self._error(f'Expected "{text or kind}"')
        self._position += 1
        return token

    def _at(self, text: str) -> bool:
        if self._next.kind in {"mark", "spread"} and self._next.text == text:
            self._position += 1
            return True
        return False

    def _fragment(self) -> tuple[str, Spread]:
        start = self._take(text="fragment")
        name = self._take(kind="name").text
        self._take(text="on")
        on = self._take(kind="name").text
        selections = self._selections()
        return name, Spread(
            fragment=None, on=on, selections=selections, line=start.line, column=start.column
        )

    def _operation(self) -> Operation:
        kind, name = "query", None
        defaults: dict[str, Any] = {}
        required: set[str] = set()
        if self._next.kind == "name":
            kind = self._take().text
            if kind not in {"query", "mutation"}:
                self._position -= 1
                raise self._error('Expected "query" or "mutation"')
            if self._next.kind == "name":
                name = self._take().text
            if self._at("("):
                while not self._at(")"):
                    self._declaration(defaults, required)
        return Operation(
            kind=kind,
            name=name,
            variables=defaults,
            required=frozenset(required),
            selections=self._selections(),
        )

    def _declaration(self, defaults: dict[str, Any], required: set[str]) -> None:
        self._take(text="$")
        name = self._take(kind="name").text
        self._take(text=":")
        must_be_given = self._type()
        defaults[name] = None
        if self._at("="):
            defaults[name] = self._value()
        elif must_be_given:
            required.add(name)

    def _type(self) -> bool:
        if self._at("["):
            self._type()
            self._take(text="]")
        else:
            self._take(kind="name")
        return self._at("!")

    def _selections(self) -> tuple[Selection, ...]:
        self._take(text="{")
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(f"Selections nest deeper than {_DEEPEST}")
        selections: list[Selection] = []
        while not self._at("}"):
            selections.append(self._spread() if self._next.kind == "spread" else self._field())
        self._depth -= 1
        if not selections:
            raise self._error("Expected a field")
        return tuple(selections)

    def _spread(self) -> Spread:
        start = self._take(kind="spread")
        fragment = on = None
        selections: tuple[Selection, ...] = ()
        if self._next.kind == "name" and self._next.text != "on":
            fragment = self._take().text
        else:
            if self._next.kind == "name":
                self._take(text="on")
                on = self._take(kind="name").text
            selections = self._selections()
        return Spread(
            fragment=fragment, on=on, selections=selections, line=start.line, column=start.column
        )

    def _field(self) -> Field:
        start = self._take(kind="name")
        alias = name = start.text
        if self._at(":"):
            name = self._take(kind="name").text
        arguments: dict[str, Any] = {}
        if self._at("("):
            while not self._at(")"):
                argument = self._take(kind="name").text
                self._take(text=":")
                arguments[argument] = self._value()
        if self._next.text == "@":
            raise self._error("Directives are not supported by this server")
        nested = self._next.kind == "mark" and self._next.text == "{"
        return Field(
            name=name,
            alias=alias,
            arguments=arguments,
            selections=self._selections() if nested else (),
            line=start.line,
            column=start.column,
        )

    def _value(self) -> Any:
        token = self._next
        if self._at("$"):
            return Variable(self._take(kind="name").text)
        if self._at("["):
            items = []
            while not self._at("]"):
                items.append(self._value())
            return items
        if self._at("{"):
            return self._object()
        if token.kind not in _SCALARS:
            raise self._error("Expected a value")
        self._position += 1
        return _SCALARS[token.kind](token.text)

    def _object(self) -> dict[str, Any]:
        fields = {}
        while not self._at("}"):
            name = self._take(kind="name").text
            self._take(text=":")
            fields[name] = self._value()
        return fields


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _word(text: str) -> Any:
    return {"true": True, "false": False, "null": None}.get(text, text)


def _quoted(text: str) -> str:
    return str(msgspec.json.decode(text))


def _block(text: str) -> str:
    return text[3:-3].strip("\n")


_SCALARS: dict[str, Callable[[str], Any]] = {
    "string": _quoted,
    "block": _block,
    "number": _number,
    "name": _word,
}
