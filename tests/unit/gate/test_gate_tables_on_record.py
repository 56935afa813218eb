"""What each gate reads, and what is declared with which default, held to the record.

After a wanted change, run this file to record anew, and read what changed.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from declared import classes_of, plain

from rigtasks.gate import certificate, explain, facts, human_gates, result, suites, verdict
from rigtasks.gate.rules import RULES, ci, size

RECORD = Path(__file__).parent / "rendered" / "tables.json"
MODULES = (certificate, explain, facts, human_gates, result, verdict, ci)


def tables() -> dict[str, Any]:
    """Return every table, made anew."""
    return {
        "rules": [[rule.gate, rule.title, rule.reads] for rule in RULES],
        "the gate's own check": ci.GATE_CHECK,
        "patience with an empty suite": suites.EMPTY_SUITE_PATIENCE.total_seconds(),
        "the label for large changes": size.LARGE_PR_OK,
        **{module.__name__: classes_of(module) for module in MODULES},
    }


@pytest.mark.parametrize("name", tables())
def test_a_table_is_the_one_on_record(name: str) -> None:
    assert told(name) == json.loads(RECORD.read_text())[name]


def told(name: str) -> Any:
    return json.loads(json.dumps(plain(tables()[name])))


if __name__ == "__main__":
    text = json.dumps({name: told(name) for name in tables()}, indent=1, ensure_ascii=False)
    RECORD.write_text(text + "\n")
