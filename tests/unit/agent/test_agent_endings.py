"""Every ending has one meaning, and adapters name it from what they see."""

import pytest

from rigtasks.agent.assignment import Role
from rigtasks.agent.endings import FAILURE_OF, Ending
from rigtasks.agent.events import AnyEvent, Finished, Garbled, Message, Started, UsageReport
from rigtasks.agent.process import Exit
from rigtasks.agent.provider import AgentCall
from rigtasks.agent.providers.command import CommandProvider
from rigtasks.agent.providers.scripted import ScriptedProvider, parse_line
from rigtasks.agent.usage import total_usage
from rigtasks.errors import Permanent
from rigtasks.lifecycle.failure import FailureClass

DONE = Finished(ok=True)
CALL = AgentCall(role=Role.IMPLEMENT, prompt="do it", seconds=60, max_turns=5)


def test_every_ending_has_a_meaning() -> None:
    assert set(FAILURE_OF) == set(Ending)


def test_only_finished_turns_are_no_failure() -> None:
    good = {ending for ending, failure in FAILURE_OF.items() if failure is None}

    assert good == {Ending.OK, Ending.AFTER_RESULT}


def test_what_is_not_the_work_costs_no_attempt() -> None:
    elsewhere = (Ending.QUOTA, Ending.AUTH, Ending.OVERLOADED, Ending.KILLED, Ending.TIMEOUT_START)

    assert FailureClass.WORK not in {FAILURE_OF[ending] for ending in elsewhere}


@pytest.mark.parametrize(
    ("ended", "events", "expected"),
    [
        (Exit(code=0), (Started(), DONE), Ending.OK),
        (Exit(code=0), (Started(),), Ending.NO_RESULT),
        (Exit(code=0), (Garbled(line="done!"),), Ending.NO_RESULT),
        (Exit(code=0), (Message(text='{"type":"finished","ok":true}'),), Ending.NO_RESULT),
        (Exit(code=0), (Finished(ok=False, reason="no_rule"),), Ending.REFUSAL),
        (Exit(code=0), (Finished(ok=True, denials=1),), Ending.DENIED),
        (Exit(code=1), (DONE,), Ending.CRASHED),
        (Exit(code=None, signal=9), (DONE,), Ending.CRASHED),
    ],
)
def test_the_scripted_agent_succeeds_only_with_a_clean_exit_and_a_good_last_word(
    ended: Exit, events: tuple[AnyEvent, ...], expected: Ending
) -> None:
    assert ScriptedProvider().classify(ended, events, "").ending is expected


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        (Exit(code=0), Ending.OK),
        (Exit(code=3), Ending.REFUSAL),
        (Exit(code=127), Ending.CRASHED),
        (Exit(code=None, signal=11), Ending.CRASHED),
    ],
)
def test_a_plain_command_is_judged_by_its_exit(ended: Exit, expected: Ending) -> None:
    provider = CommandProvider(argv=("agent",))

    assert provider.classify(ended, (Message(text="all good"),), "why\n").ending is expected


def test_a_plain_command_gets_the_prompt_and_no_shell() -> None:
    launch = CommandProvider(argv=("agent", "--flag", "$HOME")).launch(CALL)

    assert launch.argv == ("agent", "--flag", "$HOME")
    assert launch.stdin == b"do it"
    assert launch.env == {"RIG_ROLE": "implement", "RIG_MAX_TURNS": "5", "RIG_MAX_SECONDS": "60"}
    assert not launch.network


def test_a_plain_command_that_fails_says_why() -> None:
    ending = CommandProvider(argv=("agent",)).classify(Exit(code=4), (), "a try\nno idea\n")

    assert ending.ending is Ending.REFUSAL
    assert ending.detail == "exit code 4: no idea"


def test_a_command_provider_without_a_command_is_refused() -> None:
    with pytest.raises(Permanent, match="argv"):
        CommandProvider(argv=())


def test_an_unpriced_command_is_not_free() -> None:
    provider = CommandProvider(argv=("agent",))
    events = provider.closing((Message(text="a"), Message(text="b")))

    usage = total_usage(events, model="unknown")

    assert usage.cost_micro_usd is None
    assert usage.cost_basis == "unpriced"
    assert events[-1] == Finished(ok=True, text="a\nb", structured="a\nb")


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "{",
        "[1]",
        '{"type":"unknown"}',
        '{"type":"finished"}',
        "\x1b[31mred",
        "[" * 9999,
    ],
)
def test_what_is_no_event_is_kept_as_garbled(line: str) -> None:
    assert parse_line(line) == (Garbled(line=line),)


def test_blank_lines_are_nothing() -> None:
    assert parse_line("  ") == ()


def report(**figures: int | bool | None) -> UsageReport:
    return UsageReport(model="m", **figures)  # type: ignore[arg-type]


def test_reports_are_added_and_a_cumulative_one_replaces_them() -> None:
    added = total_usage((report(output=2, cost_micro_usd=5), report(output=3)), model="m")
    replaced = total_usage(
        (report(output=2), report(output=9, cost_micro_usd=7, cumulative=True)), model="m"
    )

    assert (added.output, added.cost_micro_usd) == (5, None)
    assert (replaced.output, replaced.cost_micro_usd, replaced.cost_basis) == (9, 7, "reported")


def test_a_call_that_reported_nothing_leaves_the_run_unpriced() -> None:
    priced = total_usage((report(cost_micro_usd=5),), model="m")
    silent = total_usage((), model="m")

    assert priced.cost_micro_usd == 5
    assert (priced + silent).cost_micro_usd is None
