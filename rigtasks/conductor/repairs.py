"""Carry out what the reconciler found: as after a webhook, and written down as a repair."""

from dataclasses import replace
from uuid import UUID

from rigtasks.conductor.comparison import Finding
from rigtasks.conductor.context import Conductor
from rigtasks.conductor.deliveries import look_at
from rigtasks.lifecycle.commands import (
    Admit,
    AdoptPullRequest,
    Cancel,
    Command,
    ObservePullRequest,
    Refuse,
    Repair,
)
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.shell import Doubt, IssueShell, Told

#: Whose events say that no webhook told of them.
RECONCILER = Actor(kind=ActorKind.CONDUCTOR, id="reconciler")
#: Commands that say what GitHub shows; the others follow from what the rig decides by itself.
_NEWS = (Admit, AdoptPullRequest, Cancel, ObservePullRequest, Refuse)


class _RepairingShell(IssueShell):
    """A shell that writes down which news nobody had told of."""

    def __init__(self, shell: IssueShell, found: str) -> None:
        self._shell = shell
        self._found = found

    def tell(
        self,
        stream: str,
        command: Command,
        *,
        actor: Actor,
        cause: UUID,
        run_id: UUID | None = None,
        epoch: int | None = None,
        doubt: Doubt | None = None,
    ) -> Told:
        """Give the command; where it is news and leads to anything, that was a repair."""
        if isinstance(command, _NEWS):
            command, actor = Repair(command=command, found=self._found), RECONCILER
        return self._shell.tell(
            stream,
            command,
            actor=actor,
            cause=cause,
            run_id=run_id,
            epoch=epoch,
            doubt=doubt,
        )


def repair(conductor: Conductor, finding: Finding, *, cause: UUID) -> str:
    """Look at what was found and return what came of it in words.

    Nothing is written where the rig knew it after all: repairing twice changes nothing.

    Raises:
        RigError: GitHub or the store could not be read; it has to be tried again.
    """
    shell = _RepairingShell(conductor.shell, finding.found)
    return look_at(replace(conductor, shell=shell), finding.attention, cause)
