"""What the words and the status of a failed request mean."""

from datetime import UTC, datetime

import pytest

from rigtasks.agent.endings import CLASS_OF, FAILURE_OF, Classified, Ending
from rigtasks.agent.events import Finished, Garbled, Message, Trouble
from rigtasks.agent.process import Exit
from rigtasks.agent.streams.causes import find_cause, find_retry_time
from rigtasks.agent.streams.naming import last_words, name_ending
from rigtasks.lifecycle.failure import FailureClass

FAILED = Exit(code=1)
NAMED_CLASSES = {
    "ok",
    "denied",
    "max_turns",
    "budget",
    "auth",
    "rate_limit",
    "overloaded",
    "quota",
    "context",
    "refusal",
    "timeout",
    "killed",
    "crashed",
}


def test_every_ending_is_one_of_the_named_classes() -> None:
    assert set(CLASS_OF) == set(Ending)
    assert set(CLASS_OF.values()) == NAMED_CLASSES


@pytest.mark.parametrize(
    ("words", "status", "ending"),
    [
        ("Claude AI usage limit reached|1795182000", None, Ending.QUOTA),
        ("You've hit your limit · resets 3pm (UTC)", 429, Ending.QUOTA),
        ("You exceeded your current quota, please check your plan", 429, Ending.QUOTA),
        ("Quota exceeded. Check your plan and billing details.", None, Ending.QUOTA),
        ("Credit balance is too low", 400, Ending.QUOTA),
        ("Rate limit reached for gpt-5.2 in organization org-1", None, Ending.RATE_LIMIT),
        ("API Error: Request rejected (429) · slow down", None, Ending.RATE_LIMIT),
        ("exceeded retry limit, last status: 429 Too Many Requests", None, Ending.RATE_LIMIT),
        (
            'API Error: 529 {"type":"error","error":{"type":"overloaded_error"}}',
            None,
            Ending.OVERLOADED,
        ),
        ("Overloaded", None, Ending.OVERLOADED),
        ("anything", 500, Ending.OVERLOADED),
        ("unexpected status 503 Service Unavailable", None, Ending.OVERLOADED),
        ("OAuth token has expired. Please run /login", 401, Ending.AUTH),
        ("Invalid API key · Fix external API key", None, Ending.AUTH),
        ("forbidden", 403, Ending.AUTH),
        ("Prompt is too long", 400, Ending.CONTEXT),
        ("Your input exceeds the context window of this model", None, Ending.CONTEXT),
        ("flagged as potentially violating our usage policy", 400, Ending.REFUSAL),
        ("Request timed out", None, Ending.TIMEOUT_IDLE),
        ("stream disconnected before completion: model exploded", None, None),
        ("", None, None),
        ("line 429 of the file", None, None),
    ],
)
def test_a_cause_is_known_by_words_or_status(
    words: str, status: int | None, ending: Ending | None
) -> None:
    assert find_cause(words, status) is ending


@pytest.mark.parametrize(
    ("words", "epoch", "at", "seconds"),
    [
        ("Claude AI usage limit reached|1795182000", None, 1795182000, None),
        ("no words", 1795182000.0, 1795182000, None),
        ("Try again in 3 days 4 hours 9 minutes.", None, None, 274_140.0),
        ("Please try again in 1.898s. Visit", None, None, 1.898),
        ("try again in 250ms", None, None, 0.25),
        ("try again at Nov 27th, 2026 9:03 PM.", None, 1795813380, None),
        ("try again at Xxx 99th, 2026 9:03 PM.", None, None, None),
        ("try again in 9999999999 days", None, None, None),
        ("try again in ..s", None, None, None),
        ("nothing", 1e300, None, None),
        ("try again later", None, None, None),
    ],
)
def test_a_retry_time_is_taken_only_where_one_is_named(
    words: str, epoch: float | None, at: int | None, seconds: float | None
) -> None:
    found = find_retry_time(words, epoch)

    assert found.at == (None if at is None else datetime.fromtimestamp(at, UTC))
    assert found.seconds == (None if seconds is None else pytest.approx(seconds))


def test_text_instead_of_json_is_read() -> None:
    said = Garbled(line="\x1b[31mClaude AI usage limit reached|1795182000\x1b[0m")

    ended = name_ending(FAILED, last_words([said], ""))

    assert ended.ending is Ending.QUOTA
    assert ended.retry_at == datetime.fromtimestamp(1795182000, UTC)
    assert ended.retryable


def test_words_on_standard_error_are_read_when_there_is_no_result() -> None:
    ended = name_ending(FAILED, last_words([], "OAuth token has expired\n"))

    assert (ended.ending, ended.failure) == (Ending.AUTH, FailureClass.PROVIDER_AUTH)
    assert not ended.retryable


def test_the_status_of_the_last_retry_stands_in_for_a_missing_one() -> None:
    events = (
        Trouble(status=529, reason="unknown"),
        Trouble(reason="unknown", text="The request failed"),
        Finished(ok=False, reason="success", text="The request failed"),
    )

    assert name_ending(FAILED, last_words(events, "")).ending is Ending.OVERLOADED


def test_a_trouble_that_was_overcome_explains_nothing() -> None:
    events = (
        Trouble(status=429, reason="rate_limit"),
        Message(text="going on"),
        Finished(ok=False, reason="error_during_execution", text="broke"),
    )

    assert name_ending(FAILED, last_words(events, "")).ending is Ending.CRASHED


def test_what_the_agent_says_itself_is_no_cause() -> None:
    events = (Message(text="the rate_limit of the API, 429, usage limit reached"),)

    assert name_ending(Exit(code=0), last_words(events, "")).ending is Ending.NO_RESULT


@pytest.mark.parametrize("ending", list(Ending))
def test_only_what_may_pass_by_itself_is_retryable(ending: Ending) -> None:
    needs_somebody = {
        FailureClass.ENVIRONMENT,
        FailureClass.PROVIDER_AUTH,
        FailureClass.BUDGET,
        FailureClass.POLICY,
        None,
    }

    if Classified(ending=ending).retryable:
        assert FAILURE_OF[ending] not in needs_somebody


def test_a_named_time_becomes_seconds_and_never_negative_ones() -> None:
    now = datetime(2026, 11, 27, 12, tzinfo=UTC)
    later = Classified(ending=Ending.QUOTA, retry_at=datetime(2026, 11, 27, 12, 1, tzinfo=UTC))
    past = Classified(ending=Ending.QUOTA, retry_at=datetime(2026, 11, 27, 11, tzinfo=UTC))

    assert later.wait_seconds(now) == 60
    assert past.wait_seconds(now) == 0
    assert Classified(ending=Ending.QUOTA, retry_seconds=7).wait_seconds(now) == 7
    assert Classified(ending=Ending.QUOTA).wait_seconds(now) is None
