"""Finished work that comes back unjudged is tried again nine times, then a person is called."""

import pytest

from rigtasks.lifecycle.caps import MAX_RETURNS
from rigtasks.lifecycle.commands import CiStatus, Retry
from rigtasks.lifecycle.state import Lane, Overlay, Stage
from rigtasks.testing.life import Life, verdict


def come_back(life: Life, times: int, what: str = "conflict") -> None:
    for _ in range(times):
        number = len(life.events)
        life.implement(head_sha=f"h{number}")
        life.publish(pr=number if life.issue.pr is None else life.issue.pr.number)
        if what == "conflict":
            life.observe(conflict=True)
        else:
            life.observe(open=False, closed_by="a bot")


@pytest.fixture
def life() -> Life:
    life = Life()
    life.approve()
    return life


@pytest.mark.parametrize(
    ("what", "lane", "said"),
    [
        ("conflict", Lane.CHANGES_REQUESTED, "its base had moved"),
        ("closed", Lane.QUEUED, "a bot closed its pull request"),
    ],
)
def test_the_tenth_time_calls_a_person(life: Life, what: str, lane: Lane, said: str) -> None:
    come_back(life, MAX_RETURNS - 1, what)
    assert (life.issue.returns, life.issue.overlay) == (9, None)
    assert life.issue.wanted_stage is Stage.IMPLEMENT

    come_back(life, 1, what)

    state = life.issue
    assert (state.returns, state.overlay, state.lane) == (10, Overlay.ESCALATED, lane)
    assert state.reason == f"finished work came back 10 times; this time {said}"
    assert state.who_must_act == "a maintainer of the repository"
    assert (state.attempts, state.review_loops) == (0, 0)


def test_a_person_who_sends_it_on_starts_the_count_again(life: Life) -> None:
    come_back(life, 3)
    life.tell(Retry(reason="again", by="maria"))
    assert life.issue.returns == 3  # nothing had stopped, so nothing was to be sent on

    come_back(life, MAX_RETURNS - 3)
    life.tell(Retry(reason="again", by="maria"))

    assert (life.issue.returns, life.issue.overlay) == (0, None)


def test_a_new_approval_starts_the_count_again(life: Life) -> None:
    come_back(life, 2, "closed")

    life.approve(task_digest="d2")

    assert life.issue.returns == 0


def test_what_was_judged_wrong_is_counted_elsewhere(life: Life) -> None:
    life.implement()
    life.publish()
    life.observe(ci=CiStatus.RED)
    life.implement(head_sha="h2")
    life.publish()
    life.observe(reviews=(verdict("CHANGES_REQUESTED", "h2"),))

    assert (life.issue.returns, life.issue.review_loops) == (0, 2)
