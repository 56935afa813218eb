"""What an `escalate` entry finds, in which time, and what a found one does at intake."""

import json
import time

import pytest
from intake_scene import POLICY, WRITER, admitted, changed, config, facts

from rigtasks.routing.decisions import Admit, Hold
from rigtasks.routing.dependencies import Dependency
from rigtasks.routing.escalation import called_for, sends_to_a_mac
from rigtasks.routing.facts import AccountType, DependencyFact, DependencyState
from rigtasks.routing.intake import decide_intake

SOON = 3.0
"""Seconds for texts of megabytes, on a machine with other work."""


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("drop table", "Please DROP\n   table bookings."),
        ("drop table", "drop\ttable"),
        ("drop*table", "we drop the old table"),
        ("drop*", "Dropping it"),
        ("*table", "a stable"),
        ("*", "anything"),
        ("src/billing/**", "see src/billing/vat.py"),
        ("what now?", "What now? Nobody knows."),
        ("C++", "port it to C++"),
        ("gdpr", "ask about GDPR"),
        ("password", "the pаsswоrd is short"),  # noqa: RUF001 Cyrillic look-alikes
        ("password", "the pass\u200bword is short"),
        ("Kundennummer", "die kundennummer."),
        ("(a+)+$", "written as (a+)+$ here"),
    ],
)
def test_words_are_found_as_they_look(entry: str, text: str) -> None:
    assert called_for([entry], text) == (entry,)


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("drop table", "drop tables"),
        ("drop table", "backdrop table"),
        ("drop table", "table drop"),
        ("drop*table", "drop it\nand the table"),
        ("auth", "the author"),
        ("a.c", "abc"),
        ("(a+)+$", "aaaa"),
        ("[a-z]", "a"),
        ("x*y", "y and x"),
        ("needs Xcode (requires-macos)", "it needs Xcode (requires-macos)"),
        ("*", ""),
    ],
)
def test_nothing_else_is_found(entry: str, text: str) -> None:
    assert called_for([entry], text) == ()


def test_entries_come_in_their_own_order_and_each_once() -> None:
    entries = ("money", "requires-macos", "auth*", "unknown")

    assert called_for(entries, "auth2 and money and money") == ("money", "auth*")
    assert [sends_to_a_mac(entry) for entry in entries] == [False, True, False, False]


HOSTILE = {
    "one letter": ("a" * 200, "a" * 2_000_000),
    "one word": ("a " * 99 + "b", "a " * 500_000),
    "gaps in one line": ("a*" * 99 + "b", "a " * 500_000),
    "gaps in many lines": ("a*" * 99 + "b", "a a a a\n" * 100_000),
    "different lines": ("a*" * 99 + "b", "\n".join(f"a {n} a" for n in range(60_000))),
    "a pattern": ("(a+)+" * 39 + "$", "a" * 2_000_000),
    "stars": ("*" * 200, "\n" * 500_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_entry_and_no_text_takes_long(name: str) -> None:
    entry, text = HOSTILE[name]
    started = time.process_time()

    assert called_for([entry], text) == ()

    assert time.process_time() - started < SOON


def escalating(*entries: str) -> object:
    return config(f"stack: python\nescalate: {json.dumps(entries)}\n")


@pytest.mark.parametrize(
    "issue",
    [
        {"title": "Drop table bookings"},
        {"body": "Then drop\ntable bookings."},
        {"body": "<!-- hidden: drop table --> drop table"},
    ],
)
def test_a_text_that_speaks_of_an_entry_asks_a_person(issue: dict[str, str]) -> None:
    decision = admitted(facts(issue=issue, config_file=escalating("drop table", "money")))

    assert decision.question is not None
    assert decision.question.labelled_by_person
    assert decision.question.sentence == (
        "the text speaks of `drop table`, for which this repository wants a person (`escalate`): "
        "somebody with write permission reads it and sets the label `agent-ready` again, then an "
        "agent starts"
    )


@pytest.mark.parametrize("body", ["1 + 1 gives 3", "<!-- drop table -->", None])
def test_another_text_asks_nobody(body: str | None) -> None:
    given = facts(issue={"body": body}, config_file=escalating("drop table"))

    assert admitted(given).question is None


def test_the_label_of_a_trusted_bot_is_no_answer_of_a_person() -> None:
    bot = changed(issue={"labelled_by": type(WRITER)(
        id=77, login="helper[bot]", type=AccountType.BOT, permission=WRITER.permission
    )})  # fmt: skip
    given = bot(facts(issue={"title": "drop table"}, config_file=escalating("drop table")))

    decision = decide_intake(given, POLICY)

    assert isinstance(decision, Admit)
    assert decision.question is not None
    assert not decision.question.labelled_by_person


def test_a_held_issue_carries_its_question_with_it() -> None:
    waits = DependencyFact(dependency=Dependency(number=7), state=DependencyState.OPEN)
    given = facts(
        issue={"body": "blocked by #7, drop table"},
        config_file=escalating("drop table"),
        dependencies=(waits,),
    )

    decision = decide_intake(given, POLICY)

    assert isinstance(decision, Hold)
    assert decision.question is not None
