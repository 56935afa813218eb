"""What an approval and a retry set back, and what an approval brings."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from rigtasks.lifecycle.commands import Retry
from rigtasks.lifecycle.events.intake import Comment, IssueLimits
from rigtasks.lifecycle.state import IssueState, Lane, Overlay
from rigtasks.routing.agent_config import AgentConfig
from rigtasks.testing.life import START, Life, approval

COUNTS = ("attempts", "lost_runs", "review_loops", "abstentions", "interruptions", "returns")
BROUGHT: dict[str, Any] = {
    "ref": "acme/moved#7",
    "repo": "acme/moved",
    "title": "Totals are still wrong",
    "body": "Really.",
    "comments": (Comment(author="maria", body="please"),),
    "task_digest": "d2",
    "approved_by": "anna",
    "labelled_at": START + timedelta(days=1),
    "stack": "node",
    "queue": "dev-e-node",
    "priority": 0,
    "base_branch": "develop",
    "config": AgentConfig(test_command="npm test"),
    "config_sha": "c2",
    "depends_on": ("acme/api#3",),
    "limits": IssueLimits(max_attempts=9),
}


def worn() -> Life:
    """Return an issue with everything on it that time can put there."""
    life = Life()
    life.approve()
    life.state = replace(
        life.issue,
        **dict.fromkeys(COUNTS, 2),
        lane=Lane.FAILED,
        overlay=Overlay.ESCALATED,
        hold="dependency",
        hold_sentence="waits for #3",
        hold_blocks=True,
        reason="it failed",
        who_must_act="ops",
        retry_at=START,
        cost_unknown_runs=3,
    )
    return life


def counts(state: IssueState) -> dict[str, int]:
    return {name: getattr(state, name) for name in COUNTS}


@pytest.mark.parametrize("name", BROUGHT)
def test_an_approval_brings_what_it_says(name: str) -> None:
    life = worn()
    assert getattr(life.issue, name) != BROUGHT[name]

    life.store(approval(**BROUGHT))

    assert getattr(life.issue, name) == BROUGHT[name]


def test_an_approval_starts_everything_again() -> None:
    life = worn()

    life.store(approval(**BROUGHT))

    state = life.issue
    assert counts(state) == dict.fromkeys(COUNTS, 0)
    assert (state.lane, state.overlay, state.approved_at) == (Lane.QUEUED, None, life.now)
    assert (state.hold, state.hold_sentence, state.hold_blocks) == (None, "", False)
    assert (state.reason, state.refusal_code) == ("", None)
    assert (state.who_must_act, state.retry_at) == (None, None)


@pytest.mark.parametrize("blocking", [True, False])
def test_a_retry_starts_everything_again_but_a_hold_that_blocks(*, blocking: bool) -> None:
    life = worn()
    life.state = replace(life.issue, hold_blocks=blocking)

    life.tell(Retry(reason="again", by="maria"))

    state = life.issue
    assert counts(state) == dict.fromkeys(COUNTS, 0)
    assert (state.lane, state.overlay, state.cost_waived_runs) == (Lane.QUEUED, None, 3)
    assert state.hold == ("dependency" if blocking else None)
    assert state.hold_sentence == ("waits for #3" if blocking else "")
    assert (state.reason, state.who_must_act, state.retry_at) == ("", None, None)
