"""Refuse an issue that somebody else's merged pull request has solved while it waited."""

from uuid import UUID

from rigtasks.conductor.context import CONDUCTOR, Conductor
from rigtasks.conductor.rivals import rival_of
from rigtasks.github.identities import RepositoryRef, Role
from rigtasks.lifecycle.commands import Refuse
from rigtasks.lifecycle.events.intake import IssueRefused
from rigtasks.lifecycle.state import Lane
from rigtasks.routing.decisions import RefusalCode


def refuse_solved(
    conductor: Conductor, repository: RepositoryRef, number: int, *, cause: UUID
) -> str:
    """Refuse the issue if it waits and is solved; return the outcome in words.

    One that is worked on is left to the run, which looks before it begins and before it pushes.
    """
    known = conductor.stores.issues.newest(repo_id=repository.id, number=number)
    state = None if known is None else conductor.stores.events.load(known.stream).state
    if known is None or state is None or state.lane is not Lane.QUEUED:
        return "ignored: it does not wait for a worker"
    rival = rival_of(conductor.repository_api(Role.CONDUCTOR, repository), state, kinds=("closed",))
    if rival is None:
        return "ignored: nobody else has solved it"
    refused = IssueRefused(
        ref=state.ref,
        repo_id=state.repo_id,
        repo=state.repo,
        number=state.number,
        generation=state.generation,
        title=state.title,
        code=RefusalCode.ALREADY_SOLVED,
        sentence=f"{rival}: close the issue, or open a new one for what is left",
        who_must_act="a person with write permission",
    )
    conductor.shell.tell(known.stream, Refuse(refused=refused), actor=CONDUCTOR, cause=cause)
    return f"refused: {rival}"
