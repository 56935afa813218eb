"""What a delivery about a check makes the conductor look at."""

import pytest

from rigtasks.conductor.attention import Matter, attention
from rigtasks.github.webhook_facts import HeadFact, Repository

SHOP = Repository(id=7, full_name="acme/shop")


def head(action: str, check: str | None, *numbers: int) -> HeadFact:
    return HeadFact(
        event="check_run",
        action=action,
        sender=None,
        installation_id=None,
        occurrence="1",
        repository=SHOP,
        head_sha="a" * 40,
        pull_requests=numbers,
        check=check,
    )


@pytest.mark.parametrize("action", ["created", "completed"])
def test_the_check_run_that_shows_the_gate_is_not_looked_at(action: str) -> None:
    (found,) = attention(head(action, "rig/merge-gate", 12), "agent-ready")

    assert found.matter is Matter.NOTHING
    assert found.outcome.startswith("noted: ")


@pytest.mark.parametrize(
    ("action", "check"),
    [("completed", "test"), ("completed", None), ("rerequested", "rig/merge-gate")],
)
def test_every_other_check_and_a_wish_to_run_it_again_are_looked_at(
    action: str, check: str | None
) -> None:
    (named,) = attention(head(action, check, 12), "agent-ready")
    (unnamed,) = attention(head(action, check), "agent-ready")

    assert (named.matter, named.number) == (Matter.PULL_REQUEST, 12)
    assert (unnamed.matter, unnamed.head_sha) == (Matter.HEAD, "a" * 40)
