"""The tables a life depends on, and what is declared with which default, held to the record.

After a wanted change, run this file to record anew, and read what changed.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from declared import classes_of, plain

from rigtasks.lifecycle import caps, commands, envelope, failure, graph, react, roles, state, timers
from rigtasks.lifecycle.caps import budget_used_up
from rigtasks.lifecycle.events import EVENT_TYPES, acceptance, base, intake, liveness, work

RECORD = Path(__file__).parent / "tables.json"
MODULES = (
    commands, envelope, failure, graph, react, state, timers, base, intake, work, acceptance,
    liveness,
)  # fmt: skip


def tables() -> dict[str, Any]:
    """Return every table, made anew."""
    return {
        "edges": [[edge.source, edge.event, edge.target] for edge in graph.EDGES],
        "ends": state.TERMINAL,
        "diagram": graph.mermaid().splitlines(),
        "roles": roles.MAY_WRITE,
        "pauses": failure.RETRY_SECONDS,
        "interruptions": failure.INTERRUPTIONS,
        "who must act": failure.WHO_MUST_ACT,
        "costs an attempt": {each: failure.costs_an_attempt(each) for each in failure.FailureClass},
        "caps": [caps.MAX_ABSTENTIONS, caps.MAX_INTERRUPTIONS, caps.MAX_RETURNS],
        "timers": timers.Timers(),
        "timers at a tenth": timers.Timers().scaled(0.1),
        "events": {
            name: [kind.stream_kind, kind.schema_version] for name, kind in EVENT_TYPES.items()
        },
        **{module.__name__: classes_of(module) for module in MODULES},
    }


@pytest.mark.parametrize("name", tables())
def test_a_table_is_the_one_on_record(name: str) -> None:
    assert told(name) == json.loads(RECORD.read_text())[name]


def test_nothing_is_on_record_that_there_is_no_table_for() -> None:
    assert set(json.loads(RECORD.read_text())) == set(tables())


def told(name: str) -> Any:
    return json.loads(json.dumps(plain(tables()[name])))


@pytest.mark.parametrize(
    ("spent", "cap", "sentence"),
    [
        (None, 5, "nobody can say what the agent has cost"),
        (4, 5, None),
        (50_000_000_000, 40_000_000_000, "$50000.00 of $40000.00 are spent"),
    ],
)
def test_why_nothing_more_is_paid(spent: int | None, cap: int, sentence: str | None) -> None:
    said = budget_used_up(spent, cap)

    assert said is None if sentence is None else said is not None and said.startswith(sentence)


if __name__ == "__main__":
    text = json.dumps({name: told(name) for name in tables()}, indent=1, ensure_ascii=False)
    RECORD.write_text(text + "\n")
