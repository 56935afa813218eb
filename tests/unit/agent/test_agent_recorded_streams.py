"""Every recorded output of the real command lines, and what it has to be taken for."""

from dataclasses import dataclass

import pytest
from recorded import TRANSCRIPTS, parser_of, recorded, tally_of

from rigtasks.agent.endings import CLASS_OF
from rigtasks.agent.process import Exit


@dataclass(frozen=True)
class Expected:
    """A line of the table; tokens are uncached input, cache read, cache write, output."""

    file: str
    code: int
    kind: str
    retryable: bool = False
    turns: int = 0
    tokens: tuple[int, int, int, int] | None = (0, 0, 0, 0)
    session: str | None = ""
    text: str | None = None


THREE = (303, 4000, 2100, 123)
TWO = (201, 2000, 2050, 81)
TABLE = [
    Expected("claude-basic.jsonl", 0, "ok", False, 3, THREE, "5f58479e", "Done: changed the"),
    Expected("claude-bwrap.jsonl", 0, "ok", False, 3, THREE, "3664bf41", "Done: changed the"),
    Expected("claude-env.jsonl", 0, "ok", False, 2, TWO, "fe38ec2a", "done"),
    Expected("claude-mcp.jsonl", 0, "ok", False, 2, TWO, "799c3784", "mcp tools:"),
    Expected(
        "claude-structured.jsonl", 0, "ok", False, 2, (100, 0, 2000, 40), "272fb434", '{"verdict"'
    ),
    Expected("claude-denied.jsonl", 0, "denied", False, 2, TWO, "6fa5aa0e", "bash done"),
    Expected("claude-hooks.jsonl", 0, "denied", False, 2, TWO, "39345154", "bash done"),
    Expected("claude-mcpdeny.jsonl", 0, "denied", False, 2, TWO, "007a4906", "mcp tools:"),
    Expected("claude-maxturns.jsonl", 1, "max_turns", False, 4, THREE, "02590c31", "Reached max"),
    Expected(
        "claude-budget.jsonl", 1, "budget", False, 4, (406, 6000, 2150, 166), "1d68608d", "Reached"
    ),
    Expected("claude-e401.jsonl", 1, "auth", False, 1, session="bbe1c5b5", text="Invalid API key"),
    Expected("claude-e429.jsonl", 1, "rate_limit", True, 1, session="88ea9f76", text="API Error"),
    Expected("claude-hang.jsonl", 1, "timeout", True, 1, session="132549a7", text="Request timed"),
    Expected("claude-kill-TERM.jsonl", 0, "killed", True, 2, TWO, "22576006", "bash done"),
    Expected("claude-resume.jsonl", 1, "crashed", True, session="99999999", text="No conversation"),
    Expected("claude-resume.stderr", 1, "crashed", True, tokens=None),
    Expected("claude-badflag.stderr", 1, "crashed", True, tokens=None),
    Expected(
        "codex-basic.jsonl", 0, "ok", False, 1, (1500, 1800, 0, 153), "01a1f8ab", "Done: changed"
    ),
    Expected(
        "codex-notgit.jsonl", 0, "ok", False, 1, (1500, 1800, 0, 153), "01a1f8ac", "Done: changed"
    ),
    Expected("codex-mcp2.jsonl", 0, "ok", False, 1, (1200, 900, 0, 101), "01a1f8ac", "mcp tools:"),
    Expected(
        "codex-structured.jsonl", 0, "ok", False, 1, (1000, 0, 0, 50), "01a1f8ad", '{"verdict"'
    ),
    Expected("codex-e401.jsonl", 1, "auth", False, 1, session="01a1f8ac", text="unexpected status"),
    Expected("codex-e429.jsonl", 1, "rate_limit", True, 1, session="01a1f8ac", text="exceeded"),
    Expected("codex-failed.jsonl", 1, "crashed", True, 1, session="01a1f8ac", text="stream disc"),
    Expected("codex-hang.jsonl", 124, "timeout", True, 1, session="01a1f8ac"),
    Expected("codex-hang.jsonl", 0, "crashed", True, 1, session="01a1f8ac"),
    Expected("codex-kill-TERM-long.jsonl", 143, "killed", True, 1, session="01a1f8ad"),
    *(
        Expected(f"codex-{name}.stderr", 1, "crashed", True, tokens=None)
        for name in ("basic", "e401", "e429", "failed", "hang", "mcp2", "notgit", "structured")
    ),
    # other tools' output is never taken for a success
    Expected("opencode-basic.jsonl", 0, "crashed", True, tokens=None),
    Expected("opencode-e401.jsonl", 1, "crashed", True, tokens=None),
    Expected("mini-swe-agent-basic.json", 0, "crashed", True, tokens=None),
]


def test_no_recording_is_left_out() -> None:
    assert {line.file for line in TABLE} == {path.name for path in TRANSCRIPTS.iterdir()}


@pytest.mark.parametrize("expected", TABLE, ids=lambda line: f"{line.file}-{line.code}")
def test_a_recorded_call_is_taken_for_what_it_was(expected: Expected) -> None:
    tally = tally_of(parser_of(expected.file), recorded(expected.file))

    ended = tally.ending(Exit(code=expected.code))
    assert (CLASS_OF[ended.ending], ended.retryable) == (expected.kind, expected.retryable)
    assert (tally.session or "")[:8] == expected.session
    if expected.text is not None:
        assert tally.finished is not None
        assert tally.finished.text.startswith(expected.text)
    else:
        assert tally.finished is None
    usage = tally.usage
    if expected.tokens is None:
        assert usage is None
    else:
        assert usage is not None
        counters = (usage.input_uncached, usage.cache_read, usage.cache_write, usage.output)
        assert counters == expected.tokens
        assert usage.turns == expected.turns


@pytest.mark.parametrize("name", sorted({line.file for line in TABLE if line.code == 0}))
def test_a_cut_off_recording_is_no_success(name: str) -> None:
    whole = recorded(name)

    for cut in range(0, len(whole.rstrip()) - 1, max(1, len(whole) // 50)):
        ended = tally_of(parser_of(name), whole[:cut]).ending(Exit(code=0))
        assert CLASS_OF[ended.ending] != "ok"


@pytest.mark.parametrize("name", ["claude-basic.jsonl", "codex-basic.jsonl"])
@pytest.mark.parametrize("code", [1, 2, 124, 137, 143, -9, -11, 139])
def test_a_good_result_does_not_make_up_for_a_bad_exit(name: str, code: int) -> None:
    ended = tally_of(parser_of(name), recorded(name)).ending(Exit(code=code))

    killed = code in {137, 143, -9}
    expected = "killed" if killed else "timeout" if code == 124 else "crashed"
    assert CLASS_OF[ended.ending] == expected


def test_messages_stand_in_for_a_missing_result_each_counted_once() -> None:
    lines = recorded("claude-basic.jsonl").splitlines(keepends=True)[:-1]

    usage = tally_of(parser_of("claude"), *lines, *lines).usage

    assert usage is not None
    assert (usage.input_uncached, usage.cache_read, usage.cache_write) == (303, 4000, 2100)
    assert usage.turns == 3


def test_a_repeated_result_is_counted_once() -> None:
    *_, result = recorded("claude-basic.jsonl").splitlines(keepends=True)

    tally = tally_of(parser_of("claude"), recorded("claude-basic.jsonl"), result, result)

    assert tally.usage is not None
    assert (tally.usage.input_uncached, tally.usage.output, tally.usage.turns) == (303, 123, 3)
    assert CLASS_OF[tally.ending(Exit(code=0)).ending] == "ok"
