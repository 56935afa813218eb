"""Find checkable examples in the text of an issue: a call and what it should give.

Understood are code spans around which the text says what is expected, as in "`f(1)` returns `2`,
expected `3`", "`f(1)` should be `3`" or "`f(1)` gives `2` instead of `3`", and the same on one line
of a code block behind `#`, `//` or an arrow.
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_FENCE = re.compile(r"^```[^\n]*\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
_FENCED_CALL = re.compile(
    r"^\s*(?:>>> )?(?P<call>[A-Za-z_$][\w$.]*\(.*\));?\s*(?P<said>(?:#|//|=>|->).*)?$"
)
_SAID = re.compile(
    r"(?P<words>.*\b(?:expected|should(?: be| return| give)?|must be)\b:?)\s*(?P<value>.+)$",
    re.IGNORECASE,
)
_SPAN = re.compile(r"`([^`\n]+)`")
_CALL = re.compile(r"[A-Za-z_$][\w$.]*\(.*\)", re.DOTALL)
_WANTED = re.compile(
    r"\b(expect\w*|should|must|instead of|rather than|supposed|wanted?|ought)\b", re.IGNORECASE
)
_REACH = 200
_WORDS = {"true": True, "false": False, "null": None, "undefined": None, "nil": None}


@dataclass(frozen=True)
class Example:
    """A call as the issue writes it, the function it names, and the value it should give."""

    call: str
    function: str
    expected: Any

    def as_json(self) -> dict[str, Any]:
        """Return what the evaluators are given."""
        return {"call": self.call, "function": self.function, "expected": self.expected}


def find_examples(text: str) -> tuple[Example, ...]:
    """Return the examples of a text in order, each call once."""
    found: dict[str, Example] = {}
    for example in _pairs(_FENCE.sub(_as_spans, text)):
        found.setdefault(example.call, example)
    return tuple(found.values())


def _as_spans(fence: re.Match[str]) -> str:
    """Rewrite the lines of a code block as the sentences that mean the same."""
    lines = []
    for line in fence[1].splitlines():
        call = _FENCED_CALL.match(line)
        said = _SAID.match(call["said"] or "") if call else None
        if call and said:
            lines.append(f"`{call['call']}` {said['words']} `{said['value'].strip()}`")
        elif call:
            lines.append(f"`{call['call']}`")
        else:
            lines.append(line)
    return "\n".join(lines)


def _pairs(text: str) -> Iterator[Example]:
    call: str | None = None
    after = 0
    for span in _SPAN.finditer(text):
        code = span[1].strip().rstrip(";")
        if _CALL.fullmatch(code):
            call, after = code, span.end()
            continue
        if call is None or span.start() - after > _REACH:
            continue
        between = text[after : span.start()]
        if "\n\n" in between:
            call = None
        elif _WANTED.search(between):
            yield Example(call=call, function=_function(call), expected=read_value(code))
            call = None
        else:
            after = span.end()


def _function(call: str) -> str:
    return call.partition("(")[0].rpartition(".")[2]


def read_value(code: str) -> Any:
    """Read a literal of Python or JavaScript as JSON has it; other text stands for itself."""
    if code in _WORDS:
        return _WORDS[code]
    try:
        return json.loads(code)
    except ValueError:
        pass
    try:
        return json.loads(json.dumps(ast.literal_eval(code)))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return code
