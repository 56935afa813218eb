"""A bad `.rig-agent.yaml` is refused at its place, with a remedy, soon and in one sentence.

What lies around the file's bytes (other branches, links, sizes above GitHub's bounds) is tried in
`tests/integration/conductor/test_odd_hints.py`, a file that changes between claim and gate in
`test_labels_again.py` beside it and between approval and run in
`test_files_that_change_before_the_run.py`, a missing one in `test_intake_decisions.py`, and what
its commands can reach in `tests/integration/agent/test_agent_loop_hostile.py`. What a good file may
choose and no more is in `test_tools.py` (and `test_agent_tools.py`, which installs), in
`test_offers.py` and in `test_escalation.py`.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle

import pytest
from bad_agent_configs import BAD_CONFIGS, FULL, Case

from rigtasks.errors import Rejected
from rigtasks.routing.agent_config import (
    AgentConfig,
    ConfigInvalid,
    Limits,
    parse_agent_config,
    tightest,
)
from rigtasks.routing.keys import KEYS
from rigtasks.routing.yaml_tree import MAX_BYTES

SOON = 2.0
"""Seconds for a file that may cost no more than its length, on a machine with other work."""


def cases() -> Iterator[object]:
    for item, rows in BAD_CONFIGS.items():
        for number, case in enumerate(rows, start=1):
            yield pytest.param(case, id=f"{item} {number}" if len(rows) > 1 else item)


@pytest.mark.parametrize("case", tuple(cases()))
def test_it_is_refused_at_its_place_with_a_remedy(case: Case) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        parse_agent_config(case.data)

    error = refused.value
    assert (error.line, error.column) == (case.line, case.column)
    assert case.says in str(error)
    assert str(error).startswith(f"`.rig-agent.yaml` line {case.line}, column {case.column}: ")
    assert isinstance(error, Rejected)
    assert error.code == "config-invalid"
    assert str(error).isprintable()
    assert len(str(error)) < 700


ENDLESS = {
    "opening brackets": "[",
    "opening braces": "{",
    "list marks": "- ",
    "key marks": "? ",
    "keys on one line": "a: ",
    "quotes": "'",
    "double quotes": '"',
    "one plain scalar": "a",
    "words": "a ",
    "line feeds in a scalar": "a\n",
    "keys without values": "a:\n",
    "comments": "#\n",
    "comments behind values": "a: b #\n",
    "tabs": "\t",
    "blanks": " ",
    "escapes": "\\",
    "anchors": "&a ",
    "aliases": "*a ",
    "tags": "!a ",
    "directives": "%YAML 1.1\n",
    "tag directives": "%TAG ! tag:\n",
    "documents": "---\n",
    "ends of documents": "...\n",
    "folded text": ">\n ",
    "literal text": "|\n ",
    "commas": ",",
    "colons": ":",
    "pairs in a list": "- a: b\n",
    "carriage returns": "\r",
    "unusual line ends": "\u2028",
    "letters of four bytes": "\U0001f600",
    "dashes": "-",
    "dots": ".",
    "question marks": "?",
    "digits": "9",
}
BEGINNINGS = cycle(('testCommand: "', "testCommand: |\n  ", "escalate: [", "- x\n- "))
#: From the file's first byte, and behind one of the beginnings: all of them would take minutes.
PLACES = [(name, at) for name in ENDLESS for at in ("", next(BEGINNINGS))]


@pytest.mark.parametrize(("unit", "beginning"), PLACES)
def test_a_file_full_of_one_thing_costs_no_more_than_its_length(unit: str, beginning: str) -> None:
    size, part = MAX_BYTES - len(beginning), ENDLESS[unit]
    data = (beginning + part * (size // len(part.encode()))).encode()
    started = time.process_time()
    with suppress(ConfigInvalid):
        parse_agent_config(data)
    assert time.process_time() - started < SOON


@pytest.mark.parametrize(
    "entry",
    ["requires-" * 22, "-requires-macos" * 13, "a" * 200, "(a+)+" * 40, "- " * 99 + "x"],
)
def test_escalate_is_words_and_never_a_pattern(entry: str) -> None:
    """The rig searches the entry for one word; the repository's text is no regular expression."""
    data = b'escalate: ["' + entry.encode() + b'"]\n'
    started = time.process_time()

    config = parse_agent_config(data)

    assert config.requires_macos is False
    assert time.process_time() - started < SOON


def test_no_key_takes_anything_away_from_the_gate() -> None:
    """Whatever merges is named here; a new key has to be thought about."""
    names = {key.name: {each.name for each in key.keys} for key in KEYS}

    assert names["merge"] == {"mode", "method", "requiredChecks", "blockLabels"}
    assert names["paths"] == {"sensitive", "deny"}
    assert set(names) == {
        "stack", "tools", "setupCommand", "buildCommand", "testCommand", "workdir", "baseBranch",
        "escalate", "limits", "merge", "paths", "review", "provider", "model",
    }  # fmt: skip
    assert tightest(Limits(max_review_loops=10), Limits(max_review_loops=3)).max_review_loops == 3


def test_the_full_file_is_still_accepted() -> None:
    assert isinstance(parse_agent_config(FULL), AgentConfig)
