"""Cut Python and JavaScript into tokens with their positions."""

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

NAME, NUMBER, STRING, PATTERN, OPERATOR = "name", "number", "string", "pattern", "operator"

_KINDS = {
    tokenize.NAME: NAME,
    tokenize.NUMBER: NUMBER,
    tokenize.STRING: STRING,
    tokenize.OP: OPERATOR,
}
_SCRIPT = re.compile(
    r"(?P<space>\s+|//[^\n]*|/\*.*?\*/)"
    r"|(?P<string>\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)"
    r"|(?P<number>\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_$][\w$]*)"
    r"|(?P<operator>===|!==|\*\*=?|<=|>=|==|!=|&&|\|\||\?\?|=>|\+\+|--|[-+*/%]=|\.\.\.|\?\.|.)",
    re.DOTALL,
)
_REGEX = re.compile(r"/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*")
#: After one of these a slash begins a pattern; after a value it divides.
_BEFORE_PATTERN = frozenset("(,=:[!&|?{};+-*%<>~^") | {"=>", "===", "!==", "&&", "||", "return"}


@dataclass(frozen=True)
class Token:
    """One token; `start` and `end` are offsets in the text."""

    kind: str
    text: str
    start: int
    end: int


def tokenise(text: str, *, python: bool) -> tuple[Token, ...]:
    """Return the tokens of a file; comments and spaces are left out.

    Raises:
        SyntaxError: it is not Python, though it should be.
    """
    return tuple(_python(text) if python else _script(text))


def _python(text: str) -> Iterator[Token]:
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            kind = _KINDS.get(token.type)
            if kind is not None:
                start = starts[token.start[0] - 1] + token.start[1]
                yield Token(kind, token.string, start, starts[token.end[0] - 1] + token.end[1])
    except tokenize.TokenError as error:
        raise SyntaxError(str(error)) from error


def _script(text: str) -> Iterator[Token]:
    position = 0
    before = "("
    while position < len(text):
        pattern = _REGEX.match(text, position) if before in _BEFORE_PATTERN else None
        if pattern:
            kind, match = PATTERN, pattern
        else:
            found = _SCRIPT.match(text, position)
            if found is None:
                return
            kind, match = str(found.lastgroup), found
        if kind != "space":
            yield Token(kind, match[0], match.start(), match.end())
            before = match[0]
        position = match.end()
