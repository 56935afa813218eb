"""General rules of how small bugs look, as edits of tokens, the likeliest first."""

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass

from rigtasks.agent.scripted.tokens import NAME, NUMBER, OPERATOR, PATTERN, STRING, Token

#: A wrong boundary or a call that stops at the first match is likelier than a wrong operator, and
#: that is likelier than a step that is missing altogether.
BOUNDARY, CONFUSED, MISSING = 1, 2, 4

_BOUNDARIES = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_OPERATORS = {
    "==": ("!=",),
    "!=": ("==",),
    "===": ("!==",),
    "!==": ("===",),
    "+": ("-",),
    "-": ("+",),
    "*": ("/",),
    "/": ("*", "//"),
    "//": ("/",),
    "&&": ("||",),
    "||": ("&&", "??"),
    "and": ("or",),
    "or": ("and",),
    "True": ("False",),
    "False": ("True",),
    "true": ("false",),
    "false": ("true",),
}
_CALLS = {
    "min": ("max",),
    "max": ("min",),
    "any": ("all",),
    "all": ("any",),
    "some": ("every",),
    "every": ("some",),
    "floor": ("ceil", "round"),
    "ceil": ("floor", "round"),
    "round": ("floor", "ceil"),
    "trunc": ("round", "floor"),
    "lower": ("upper", "casefold"),
    "upper": ("lower",),
    "toLowerCase": ("toUpperCase",),
    "toUpperCase": ("toLowerCase",),
    "strip": ("lstrip", "rstrip"),
    "lstrip": ("strip",),
    "rstrip": ("strip",),
    "trimStart": ("trim",),
    "trimEnd": ("trim",),
    "startswith": ("endswith",),
    "endswith": ("startswith",),
    "startsWith": ("endsWith",),
    "endsWith": ("startsWith",),
    "find": ("rfind",),
    "index": ("rindex",),
    "indexOf": ("lastIndexOf",),
    "lastIndexOf": ("indexOf",),
    "partition": ("rpartition",),
    "rpartition": ("partition",),
    "first": ("last",),
    "push": ("unshift",),
    "unshift": ("push",),
    "shift": ("pop",),
    "pop": ("shift",),
}
_STEPS_PYTHON = (".strip()", ".lower()")
_STEPS_SCRIPT = (".trim()", ".toLowerCase()")
_SCRIPT_WORDS = frozenset(
    re.findall(
        r"\w+",
        "async await break case catch class const continue default delete do else export "
        "extends finally for from function if import in instanceof let new null of return "
        "static super switch this throw true try typeof undefined var void while yield Math "
        "Number String Object",
    )
)


@dataclass(frozen=True)
class Edit:
    """Replace the text between two offsets.

    `rule` says what is done, and is the same for every place where the same is done.
    """

    start: int
    end: int
    new: str
    rule: str
    weight: int


def edits_of(tokens: list[Token], *, python: bool) -> Iterator[Edit]:
    """Yield every edit that the rules allow in these tokens."""
    for index, token in enumerate(tokens):
        before = tokens[index - 1] if index else None
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        yield from _other_word(token, before, after, python=python)
        if token.kind == NUMBER and token.text.isdecimal():
            yield from _other_number(token)
        if token.kind == PATTERN and "g" not in token.text.rpartition("/")[2]:
            yield Edit(
                token.start, token.end, token.text + "g", "match everywhere, not once", BOUNDARY
            )
        if token.kind == NAME and after is not None and after.text == "(":
            yield from _other_arguments(tokens[index:], python=python)
        yield from _missing_step(token, before, after, python=python)


def apply(text: str, edits: tuple[Edit, ...]) -> str:
    """Return the text with edits that do not overlap carried out."""
    for edit in sorted(edits, key=lambda item: item.start, reverse=True):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text


def _swap(token: Token, new: str, weight: int) -> Edit:
    return Edit(token.start, token.end, new, f"`{token.text}` → `{new}`", weight)


def _other_word(
    token: Token, before: Token | None, after: Token | None, *, python: bool
) -> Iterator[Edit]:
    if token.kind == OPERATOR and token.text in _BOUNDARIES:
        yield _swap(token, _BOUNDARIES[token.text], BOUNDARY)
    binary = before is not None and (before.kind != OPERATOR or before.text in {")", "]"})
    if token.text in _OPERATORS and (binary or token.kind == NAME):
        for new in _OPERATORS[token.text]:
            if python or new != "//":
                yield _swap(token, new, CONFUSED)
    if token.kind == NAME and after is not None and after.text == "(":
        for new in _CALLS.get(token.text, ()):
            yield _swap(token, new, CONFUSED)
    if token.text in {"not", "!"} and after is not None:
        yield Edit(token.start, after.start, "", "drop the negation", CONFUSED)


def _other_number(token: Token) -> Iterator[Edit]:
    value = int(token.text)
    for new in (value + 1, value - 1):
        if new >= 0:
            yield _swap(token, str(new), CONFUSED)


def _other_arguments(tokens: list[Token], *, python: bool) -> Iterator[Edit]:
    """Look at the arguments of one call; the tokens start with the name that is called."""
    arguments = _arguments(tokens[1:])
    if arguments is None:
        return
    name, first = tokens[0], arguments[0]
    if name.text == "replace" and not python and first and first[0].kind == STRING:
        rule = "replace everywhere, not once"
        yield Edit(name.start, name.end, "replaceAll", rule, BOUNDARY)
    if len(arguments) == 3 and name.text in {"replace", "sub"} and python:  # noqa: PLR2004 - old, new, count
        yield Edit(arguments[1][-1].end, arguments[2][-1].end, "", "drop the count", BOUNDARY)
    if name.text == "split" and python and [part.text for part in first] == ['" "']:
        yield Edit(first[0].start, first[0].end, "", "split at any blanks", CONFUSED)
    if len(arguments) == 2 and first and arguments[1]:  # noqa: PLR2004 - a pair can be swapped
        one, other = (_text(part) for part in arguments)
        if one is not None and other is not None and one != other:
            yield Edit(
                first[0].start, arguments[1][-1].end, f"{other}, {one}", "swap the arguments", 3
            )


def _text(tokens: list[Token]) -> str | None:
    """Return the text of an argument of one token or a dotted name; others are not moved."""
    simple = all(token.kind != OPERATOR or token.text == "." for token in tokens)
    return "".join(token.text for token in tokens) if simple else None


def _arguments(tokens: list[Token]) -> list[list[Token]] | None:
    depth = 0
    arguments: list[list[Token]] = [[]]
    for token in tokens:
        if token.text in {")", "]", "}"}:
            depth -= 1
            if depth == 0:
                return arguments
        if depth == 1 and token.text == ",":
            arguments.append([])
        elif depth >= 1:
            arguments[-1].append(token)
        if token.text in {"(", "[", "{"}:
            depth += 1
    return None


def _missing_step(
    token: Token, before: Token | None, after: Token | None, *, python: bool
) -> Iterator[Edit]:
    """Normalise a value that is used as it came."""
    words = keyword.kwlist if python else _SCRIPT_WORDS
    plain = token.kind == NAME and token.text not in words and re.match(r"[a-z_]", token.text)
    follows = after.text if after is not None else ""
    if not plain or follows in {"(", "=", "=>"} or (before is not None and before.text == "."):
        return
    for step in _STEPS_PYTHON if python else _STEPS_SCRIPT:
        yield Edit(token.end, token.end, step, f"add `{step}`", MISSING)
