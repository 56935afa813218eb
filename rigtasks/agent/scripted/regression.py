"""Turn the examples of an issue into tests, in the way the repository writes its own."""

import re
from pathlib import Path
from typing import Any

from rigtasks.agent.scripted.examples import Example
from rigtasks.agent.scripted.sources import Sources
from rigtasks.agent.scripted.task import Task

_BLANKS = re.compile(r"\s+")


def add_tests(sources: Sources, examples: tuple[Example, ...], task: Task) -> list[str]:
    """Write a test for every example that no test mentions; return the files that were changed."""
    changed: dict[str, str] = {}
    for index, example in enumerate(uncovered(sources, examples)):
        path = _home(sources, example)
        if path is None:
            continue
        text = changed.get(path, sources.tests[path])
        suffix = f"_{index + 1}" if index else ""
        test = (
            _python_test(example, task, suffix)
            if path.endswith(".py")
            else _script_test(example, task, text)
        )
        changed[path] = text.rstrip("\n") + "\n" + test
    for path, text in changed.items():
        Path(sources.root, path).write_text(text, encoding="utf-8")
    return list(changed)


def uncovered(sources: Sources, examples: tuple[Example, ...]) -> list[Example]:
    """Return the examples whose call stands in no test, whatever its spacing and quotes."""
    written = [_plain(text) for text in sources.tests.values()]
    return [
        example for example in examples if not any(_plain(example.call) in text for text in written)
    ]


def _plain(code: str) -> str:
    return _BLANKS.sub("", code).replace("'", '"')


def _home(sources: Sources, example: Example) -> str | None:
    """Choose the test file that already calls the function."""
    calls = re.compile(rf"(?<![.\w]){re.escape(example.function)}\(")
    counts = {path: len(calls.findall(text)) for path, text in sources.tests.items()}
    best = max(counts, key=lambda path: counts[path], default=None)
    return best if best is not None and counts[best] else None


def _python_test(example: Example, task: Task, suffix: str) -> str:
    name = re.sub(r"\W+", "_", example.function).strip("_").lower()
    value = example.expected
    check = (
        f"assert {example.call} is {value!r}"
        if value is None or isinstance(value, bool)
        else f"assert {example.call} == {_python_literal(value)}"
    )
    return f"\n\ndef test_{name}_as_reported_in_issue_{task.number}{suffix}():\n    {check}\n"


def _python_literal(value: Any) -> str:
    if isinstance(value, str) and '"' not in value and "\\" not in repr(value):
        return f'"{value}"'
    return repr(value)


def _script_test(example: Example, task: Task, text: str) -> str:
    word = "it" if re.search(r"\bit\(", text) and not re.search(r"\btest\(", text) else "test"
    deep = isinstance(example.expected, list | dict)
    names = ("deepStrictEqual", "deepEqual") if deep else ("strictEqual", "equal")
    used = next((name for name in names if f"assert.{name}(" in text), names[-1])
    expected = _script_literal(example.expected)
    return (
        f'\n{word}("{example.function} as reported in issue {task.number}", () => {{\n'
        f"  assert.{used}({example.call}, {expected});\n}});\n"
    )


def _script_literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "null"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'
    if isinstance(value, list):
        return "[" + ", ".join(_script_literal(item) for item in value) + "]"
    if isinstance(value, dict):
        inside = ", ".join(f"{key}: {_script_literal(item)}" for key, item in value.items())
        return "{ " + inside + " }"
    return repr(value)
