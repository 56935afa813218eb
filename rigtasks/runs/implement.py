"""The implementing run: checkout, agent, tests, bundle."""

import msgspec

from rigtasks.agent.loop import implement
from rigtasks.agent.outcome import RunOutcome
from rigtasks.agent.workshop import Workshop
from rigtasks.errors import RigError, StaleEpoch
from rigtasks.eventstore.artifacts import ArtifactKind
from rigtasks.lifecycle.commands import Accepted, Failed, StartCli, StartWork
from rigtasks.lifecycle.events.work import Unfinished
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.lifecycle.state import IssueState, UnfinishedWork
from rigtasks.routing.agent_config import AgentConfig, ConfigInvalid
from rigtasks.routing.offers import Choice, NotOffered
from rigtasks.routing.tools import NotAllowed
from rigtasks.runs.assignments import SetUp, assignment_for, branch_of, head_to_go_on_from
from rigtasks.runs.base_config import read_base_config
from rigtasks.runs.credentials import CredentialsRefused
from rigtasks.runs.provider_pause import closed_seconds
from rigtasks.runs.report import (
    NO_AGENT,
    RunReport,
    broken,
    failed,
    kept,
    over_budget,
    steps_of,
    tail,
)
from rigtasks.runs.scene import Scene
from rigtasks.workspace.branches import taken_branch
from rigtasks.workspace.checkout import Start, begun_at
from rigtasks.workspace.errors import AccessDenied, BranchNotFound, RepositoryNotFound
from rigtasks.workspace.git import Remote


def carry_out_implementation(scene: Scene) -> RunReport:
    """Work on the claimed issue until its tests are green or the run has to end.

    Raises:
        StaleEpoch: the claim was lost on the way.
    """
    try:
        return _implement(scene)
    except StaleEpoch:
        raise
    except (AccessDenied, RepositoryNotFound, BranchNotFound, ConfigInvalid) as error:
        return failed(FailureClass.ENVIRONMENT, str(error))
    except CredentialsRefused as error:
        return failed(error.failure, str(error))
    except (RigError, OSError) as error:
        return RunReport(result=broken(error), ending="not_started", usage=NO_AGENT, steps=())


def _implement(scene: Scene) -> RunReport:
    state, run = scene.issue()
    unpaid = over_budget(state)
    if unpaid is not None:
        return unpaid
    credentials = scene.credentials()
    remote = Remote(url=credentials.clone_url, token=credentials.token)
    branch = branch_of(state)
    base_sha = scene.base_head(remote, state.base_branch)
    found = scene.head(remote, branch)
    head_sha = head_to_go_on_from(state, found)
    if state.pr is None and found not in {None, state.push_intent_sha}:
        return failed(FailureClass.POLICY, taken_branch(branch, found))
    start = Start(base_sha=base_sha, head_sha=head_sha)
    workshop = scene.check_out(remote, start, branch)
    unfinished = _unfinished(state, start, workshop)
    base = read_base_config(workshop.checkout)
    scene.tell(
        StartWork(
            run_id=run.run_id,
            epoch=run.epoch,
            base_sha=base_sha,
            head_sha=head_sha,
            branch=branch,
            isolation=workshop.level,
            config=base.config,
            config_sha=base.blob_sha,
        )
    )
    choice = _choose(scene, base.config)
    if isinstance(choice, RunReport):
        return choice
    names = scene.kit.tool_list.choose(base.config.tools)
    if isinstance(names, NotAllowed):
        return failed(FailureClass.POLICY, names.sentence)
    workshop, tools = scene.with_tools(workshop, names)
    runtime = scene.runtime(workshop, credentials, choice)
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
        msgspec.structs.replace(state, config=base.config, unfinished=unfinished),
        run,
        base_sha=base_sha,
        head_sha=start.sha,
        defaults=scene.kit.run_limits,
        set_up=SetUp(network=scene.kit.setup_network, tools=tools),
    )
    return report_of(scene, implement(assignment, runtime))


def _unfinished(state: IssueState, start: Start, workshop: Workshop) -> UnfinishedWork | None:
    """Return the unfinished work that the run goes on with, and where it begins now."""
    left = state.unfinished
    if left is None or left.head_sha != start.head_sha:
        return None
    since = begun_at(workshop.checkout, start, left.since_sha)
    return msgspec.structs.replace(left, since_sha=since)


def _choose(scene: Scene, config: AgentConfig) -> Choice | RunReport:
    """Return whose agent works, or the report of a run that cannot have it now.

    The file may have changed since the claim, which looked for a provider that takes work.
    """
    choice = scene.kit.offers.choose(config.provider, config.model)
    if isinstance(choice, NotOffered):
        return failed(FailureClass.POLICY, choice.sentence)
    scene.chosen.name = choice.provider
    closed = closed_seconds(scene.kit.stores.rate_limits, choice.provider)
    if closed <= 0:
        return choice
    reason = f"{choice.provider} asked for a pause of {closed:.0f} s more"
    return failed(FailureClass.PROVIDER_QUOTA, reason, retry_seconds=closed)


def report_of(scene: Scene, outcome: RunOutcome) -> RunReport:
    """Keep what the run made and say what it took, whether keeping it succeeded or not.

    Raises:
        StaleEpoch: the claim was lost.
    """
    unfinished, not_kept = _put_by(scene, outcome)
    return RunReport(
        result=kept(lambda: _result(scene, outcome)),
        ending=outcome.ending or "not_started",
        usage=outcome.usage or NO_AGENT,
        steps=steps_of(outcome.steps),
        unfinished=unfinished,
        not_kept=not_kept,
    )


def _put_by(scene: Scene, outcome: RunOutcome) -> tuple[Unfinished | None, str]:
    """Store the unfinished work of a run that was told to stop, or say why it is not kept."""
    if outcome.failure is not FailureClass.SHUTDOWN:
        return None, ""
    if outcome.bundle is None or outcome.head_sha is None:
        return None, outcome.not_kept
    try:
        artifact_id = scene.keep_unfinished(outcome.bundle)
    except StaleEpoch:
        raise
    except RigError as error:
        return None, str(error)
    work = Unfinished(artifact_id=artifact_id, base_sha=outcome.base_sha, head_sha=outcome.head_sha)
    return work, ""


def _result(scene: Scene, outcome: RunOutcome) -> Accepted | Failed:
    scene.keep_transcript(outcome.transcript_path)
    tests = outcome.tests
    if outcome.success and outcome.bundle and outcome.head_sha and tests:
        return Accepted(
            artifact_id=scene.keep(ArtifactKind.BUNDLE, outcome.bundle),
            base_sha=outcome.base_sha,
            head_sha=outcome.head_sha,
            command=tests.command,
            files_changed=outcome.files_changed,
            lines_changed=outcome.lines_changed,
        )
    red = tests is not None and not tests.passed
    return Failed(
        failure=outcome.failure or FailureClass.WORK,
        reason=outcome.reason,
        retry_seconds=outcome.retry_seconds,
        test_command=tests.command if red and tests else "",
        output_tail=tail(tests.output_tail) if red and tests else "",
    )
