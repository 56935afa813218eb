"""The implementing run: checkout, agent, tests, bundle."""

import msgspec

from rigtasks.agent.loop import implement
from rigtasks.agent.outcome import RunOutcome
from rigtasks.errors import Permanent, Retryable, StaleEpoch
from rigtasks.eventstore.artifacts import ArtifactKind
from rigtasks.lifecycle.commands import Accepted, Failed, StartCli, StartWork
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.routing.agent_config import ConfigInvalid
from rigtasks.runs.assignments import assignment_for, branch_of
from rigtasks.runs.base_config import read_base_config
from rigtasks.runs.credentials import CredentialsRefused
from rigtasks.runs.report import NO_AGENT, RunReport, failed, steps_of, tail
from rigtasks.runs.scene import Scene, base_head
from rigtasks.workspace.checkout import Start
from rigtasks.workspace.errors import AccessDenied, RepositoryNotFound
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
    except (AccessDenied, RepositoryNotFound, LookupError, ConfigInvalid) as error:
        return failed(FailureClass.ENVIRONMENT, str(error))
    except CredentialsRefused as error:
        return failed(error.failure, str(error))
    except (Retryable, Permanent, OSError) as error:
        return failed(FailureClass.INFRA, f"{type(error).__name__}: {error}")


def _implement(scene: Scene) -> RunReport:
    state, run = scene.issue()
    credentials = scene.credentials()
    remote = Remote(url=credentials.clone_url, token=credentials.token)
    branch = branch_of(state)
    head_sha = state.head_sha if state.pr is not None else None
    base_sha = base_head(remote, state.base_branch)
    start = Start(base_sha=base_sha, head_sha=head_sha)
    workshop = scene.check_out(remote, start, branch)
    base = read_base_config(workshop.checkout)
    scene.tell(
        StartWork(
            run_id=run.run_id,
            epoch=run.epoch,
            base_sha=base_sha,
            branch=branch,
            isolation=workshop.level,
            config=base.config,
            config_sha=base.blob_sha,
        )
    )
    runtime = scene.runtime(workshop, credentials)
    scene.tell(
        StartCli(
            run_id=run.run_id,
            epoch=run.epoch,
            provider=runtime.provider.name,
            model=runtime.provider.model,
            isolation=workshop.level,
        )
    )
    assignment = assignment_for(
        msgspec.structs.replace(state, config=base.config),
        run,
        base_sha=base_sha,
        head_sha=start.sha,
        defaults=scene.kit.run_limits,
        setup_network=scene.kit.setup_network,
    )
    return _report(scene, implement(assignment, runtime))


def _report(scene: Scene, outcome: RunOutcome) -> RunReport:
    if outcome.transcript_path.is_file():
        scene.keep(ArtifactKind.TRANSCRIPT, outcome.transcript_path.read_bytes())
    return RunReport(
        result=_result(scene, outcome),
        ending=outcome.ending or "not_started",
        usage=outcome.usage or NO_AGENT,
        steps=steps_of(outcome.steps),
    )


def _result(scene: Scene, outcome: RunOutcome) -> Accepted | Failed:
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
