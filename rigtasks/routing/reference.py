"""The reference page of `.rig-agent.yaml`, made from the table of keys."""

from typing import assert_never

from rigtasks.routing.keys import KEYS, Key, Kind

_INTRODUCTION = """\
# `.rig-agent.yaml`

Made from the table of keys in `rigtasks/routing/keys.py`; a test fails when this page and the
table differ.

The file lies at the root of a repository and is read at the base branch whenever an issue is
assigned. Every key is optional, and so is the file: without it, the stack is detected from the
files. It can choose a worker, name the commands and add restrictions; it can lift none.

A key that is unknown, written twice or of the wrong type is refused with its line and column, in
a comment on the issue. Anchors, aliases, tags, merge keys and several documents are refused as
well. Names that YAML reads as something else (`no`, `1e3`, `2.0`) need quotes.
"""


def render_reference() -> str:
    """Render the page `docs/rig-agent-yaml.md` as it must be committed."""
    sections = [_INTRODUCTION, _example(), _table("Keys", KEYS)]
    sections.extend(_table(f"`{key.name}`", key.keys, key.about) for key in KEYS if key.keys)
    return "\n".join(sections)


def _example() -> str:
    lines: list[str] = []
    for key in (each for each in KEYS if each.example):
        is_list = key.kind is Kind.LIST
        lines.append(f"{key.name}:" if is_list else f"{key.name}: {key.example}")
        lines.extend([f"  - {key.example}"] if is_list else [])
    body = "\n".join(lines)
    return f"## Example\n\n```yaml\n{body}\n```\n"


def _table(title: str, keys: tuple[Key, ...], about: str = "") -> str:
    rows = [
        f"| `{key.name}` | {_shape(key)} | {key.default} | {key.about} |"
        for key in keys
        if not key.keys
    ]
    nested = [f"- [`{key.name}`](#{key.name}): {key.about}" for key in keys if key.keys]
    head = ["| Key | Value | Without it | Meaning |", "|---|---|---|---|"]
    parts = [f"## {title}\n", *([f"{about}\n"] if about else []), *head, *rows]
    return "\n".join([*parts, *(["", "Sections:", "", *nested] if nested else []), ""])


def _shape(key: Key) -> str:
    match key.kind:
        case Kind.TEXT:
            return f"{key.accepts}, at most {key.max_length} characters"
        case Kind.CHOICE:
            return ", ".join(f"`{choice}`" for choice in key.choices)
        case Kind.INTEGER | Kind.MONEY:
            return f"{key.kind.value}, {key.minimum:g} to {key.maximum:g}"
        case Kind.LIST:
            return (
                f"list of at most {key.max_items}: {key.accepts}, "
                f"at most {key.max_length} characters each"
            )
        case Kind.SECTION:
            return "section"
        case _:
            assert_never(key.kind)
