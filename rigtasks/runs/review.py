"""The reviewing run: checkout of the head, complete diff, one structured verdict."""

from pathlib import Path

import msgspec

from rigtasks.agent.review import ReviewOutcome, review
from rigtasks.errors import Permanent, RigError, StaleEpoch
from rigtasks.eventstore.artifacts import ArtifactKind
from rigtasks.lifecycle.commands import Failed, Reviewed, StartCli, StartWork
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.routing.agent_config import ConfigInvalid
from rigtasks.runs.assignments import assignment_for, branch_of
from rigtasks.runs.base_config import read_base_config
from rigtasks.runs.credentials import CredentialsRefused
from rigtasks.runs.report import (
    NO_AGENT,
    RunReport,
    broken,
    failed,
    kept,
    over_budget,
    steps_of,
)
from rigtasks.runs.scene import Scene
from rigtasks.workspace.checkout import BASE_REF, Start
from rigtasks.workspace.errors import AccessDenied, BranchNotFound, RepositoryNotFound
from rigtasks.workspace.git import Git, Remote
from rigtasks.workspace.inspection import diff_text
from rigtasks.workspace.work import DiffText

_MOST_DIFF_BYTES = 2 * 1024 * 1024


class NothingToReview(Permanent):
    """The issue has no head that could be reviewed."""


_BY_A_MAINTAINER = (
    AccessDenied,
    RepositoryNotFound,
    BranchNotFound,
    NothingToReview,
    ConfigInvalid,
)


def carry_out_review(scene: Scene) -> RunReport:
    """Review the head of the claimed issue's pull request.

    Raises:
        StaleEpoch: the claim was lost on the way.
    """
    try:
        return _review(scene)
    except StaleEpoch:
        raise
    except _BY_A_MAINTAINER as error:
        return failed(FailureClass.ENVIRONMENT, str(error))
    except CredentialsRefused as error:
        return failed(error.failure, str(error))
    except (RigError, OSError) as error:
        return RunReport(result=broken(error), ending="not_started", usage=NO_AGENT, steps=())


def _review(scene: Scene) -> RunReport:
    state, run = scene.issue()
    unpaid = over_budget(state)
    if unpaid is not None:
        return unpaid
    if state.head_sha is None:
        raise NothingToReview(f"{state.ref} has no head to review")
    credentials = scene.credentials()
    remote = Remote(url=credentials.clone_url, token=credentials.token)
    start = Start(base_sha=scene.base_head(remote, state.base_branch), head_sha=state.head_sha)
    workshop = scene.check_out(remote, start, branch_of(state))
    diff = _diff(workshop.checkout)
    base = read_base_config(workshop.checkout)
    scene.tell(
        StartWork(
            run_id=run.run_id,
            epoch=run.epoch,
            head_sha=state.head_sha,
            base_sha=start.base_sha,
            branch=branch_of(state),
            isolation=workshop.level,
            config=base.config,
            config_sha=base.blob_sha,
        )
    )
    runtime = scene.runtime(workshop, credentials, scene.kit.offers.usual)
    scene.tell(
        StartCli(
            run_id=run.run_id,
            epoch=run.epoch,
            provider=runtime.provider.name,
            model=runtime.provider.model,
            isolation=workshop.level,
            call_micro_usd=runtime.provider.cost_micro_usd_per_call,
        )
    )
    assignment = assignment_for(
        state,
        run,
        base_sha=start.base_sha,
        head_sha=state.head_sha,
        defaults=scene.kit.review_limits,
        diff=diff.text,
        diff_truncated=diff.truncated,
    )
    return report_of(scene, review(assignment, runtime))


def _diff(checkout: Path) -> DiffText:
    """Return the whole change against its merge base; nobody else has touched the clone yet."""
    git = Git(checkout)
    base = git.read("merge-base", BASE_REF, "HEAD").text
    return diff_text(git, base, "HEAD", most_bytes=_MOST_DIFF_BYTES)


def report_of(scene: Scene, outcome: ReviewOutcome) -> RunReport:
    """Keep what the run made and say what it took, whether keeping it succeeded or not.

    Raises:
        StaleEpoch: the claim was lost.
    """
    return RunReport(
        result=kept(lambda: _result(scene, outcome)),
        ending=outcome.ending or "not_started",
        usage=outcome.usage or NO_AGENT,
        steps=steps_of(outcome.steps),
    )


def _result(scene: Scene, outcome: ReviewOutcome) -> Reviewed | Failed:
    scene.keep_transcript(outcome.transcript_path)
    if outcome.success and outcome.review is not None:
        data = msgspec.json.encode(outcome.review)
        return Reviewed(
            artifact_id=scene.keep(ArtifactKind.REVIEW, data), head_sha=outcome.head_sha
        )
    return Failed(
        failure=outcome.failure or FailureClass.WORK,
        reason=outcome.reason,
        retry_seconds=outcome.retry_seconds,
    )
