"""Take what an interrupted run has changed so far out of its checkout, in the time that is left."""

import msgspec

from rigtasks.agent.assignment import Assignment
from rigtasks.agent.commit_message import commit_message
from rigtasks.agent.harvest import CommittedWork, bundle_work, commit_work
from rigtasks.agent.run_end import RunEnds
from rigtasks.agent.runtime import Runtime
from rigtasks.errors import RigError, StaleEpoch


class Salvaged(msgspec.Struct, frozen=True, kw_only=True):
    """The unfinished work of a run, or why there is none; neither where nothing was changed."""

    work: CommittedWork | None = None
    bundle: bytes | None = None
    not_kept: str = ""


def salvage(assignment: Assignment, runtime: Runtime, *, taken: str = "") -> Salvaged:
    """Commit and bundle what is there, unless that takes longer than the workshop's grace.

    Half a merge is no commit that anybody could go on from, so it is given up.

    Args:
        assignment: of the run that was told to stop.
        runtime: its own.
        taken: the commit that the repository's commands were running on, which may have left files
            of their own in the working tree; empty where the agent was at it.

    Raises:
        StaleEpoch: the claim was lost.
    """
    workshop = runtime.workshop
    if workshop.grace() <= 0:
        return Salvaged()
    if assignment.merging:
        return Salvaged(not_kept="the base was being merged into it")
    hurried = msgspec.structs.replace(workshop, stop=lambda: workshop.grace() <= 0)
    try:
        work = commit_work(
            hurried,
            assignment,
            message=commit_message(
                assignment,
                agent=runtime.author.name,
                model=runtime.provider.model,
                unfinished=True,
            ),
            author=runtime.author,
            when=runtime.now(),
            since=assignment.head_sha,
            taken=taken,
        )
        if work is None:
            return Salvaged()
        return Salvaged(work=work, bundle=bundle_work(hurried, assignment))
    except StaleEpoch:
        raise
    except RunEnds:
        return Salvaged(not_kept="there was not enough time to take it out of the checkout")
    except (RigError, OSError) as error:
        return Salvaged(not_kept=f"{type(error).__name__}: {error}")
