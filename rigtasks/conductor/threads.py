"""Settle the threads that the review agent opened and its approval of the head has answered."""

from rigtasks.conductor.context import Conductor
from rigtasks.gate.approvals import approvals_at_head
from rigtasks.gate.facts import GateFacts
from rigtasks.github.identities import Role
from rigtasks.github.reviews import resolve_thread
from rigtasks.lifecycle.state import IssueState


def answered_threads(facts: GateFacts) -> tuple[str, ...]:
    """Return the open threads of those review agents that approved exactly this head."""
    agents = facts.accounts.reviewer_ids
    approved = {one.reviewer_id for one in approvals_at_head(facts) if one.reviewer_id in agents}
    return tuple(
        one.id for one in facts.threads if not one.resolved and one.opened_by_id in approved
    )


def resolve_threads(conductor: Conductor, state: IssueState, facts: GateFacts) -> None:
    """Resolve what the approval has answered.

    GitHub asks for contents: write, which the reviewer's tokens never carry. Where the conductor
    acts with the author's account, the reviewer's own account does it: the gate takes no thread
    for settled that an author closed.

    Raises:
        Forbidden: the identity may not.
    """
    accounts = facts.accounts
    shared = accounts.conductor_ids & accounts.author_ids
    api = conductor.api(Role.REVIEWER if shared else Role.CONDUCTOR, state)
    for thread in answered_threads(facts):
        resolve_thread(api, thread)
