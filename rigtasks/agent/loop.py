"""One implementing run: prepare, then agent, build and test until green or out of limits."""

from rigtasks.agent.assignment import Assignment, Feedback, FeedbackKind
from rigtasks.agent.calls import AgentCalls
from rigtasks.agent.command import CommandResult, run_shell
from rigtasks.agent.commit_message import commit_message
from rigtasks.agent.events import clip
from rigtasks.agent.harvest import (
    CommittedWork,
    HarvestFailed,
    bundle_work,
    commit_work,
    merge_base_branch,
)
from rigtasks.agent.outcome import RunOutcome, TestReport
from rigtasks.agent.run_end import RunEnds, run_broken, run_stopped
from rigtasks.agent.runtime import Runtime
from rigtasks.agent.salvage import Salvaged, salvage
from rigtasks.agent.steps import StepLog
from rigtasks.agent.tool_installs import install
from rigtasks.errors import RigError, StaleEpoch
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.routing.tools import Installation

#: Characters of a failing command's output that the agent is shown; both ends are kept.
_OUTPUT = 24_000


def implement(assignment: Assignment, runtime: Runtime) -> RunOutcome:
    """Work on an assignment until its commands are green or it has to end; harvest the commits.

    Must be called from a thread that lives until it returns. Commits of a run that failed are
    handed over as well, and so is the unfinished work of one that was told to stop, as far as its
    workshop has time for that. What goes wrong around the agent once it was called is an outcome
    too, so that its usage is not forgotten.

    Raises:
        RigError: something went wrong before the agent was called.
        StaleEpoch: the claim was lost.
        OSError: the machine refused something before the agent was called.
    """
    run = _Implementation(assignment, runtime)
    feedback = assignment.feedback
    try:
        run.prepare()
        while True:
            run.ask_agent(feedback)
            feedback = run.commit() or run.judge()
            if feedback is None:
                return run.outcome(None)
            runtime.on_feedback(feedback)
    except RunEnds as end:
        return run.outcome(end)
    except StaleEpoch:
        raise
    except (RigError, OSError) as error:
        if not run.called:
            raise
        return run.outcome(run_broken(error))


class _Implementation:
    """The steps of one run and what they left behind."""

    def __init__(self, assignment: Assignment, runtime: Runtime) -> None:
        self._assignment = assignment
        self._runtime = runtime
        self._calls = AgentCalls(assignment, runtime)
        self._steps = StepLog()
        self._work: CommittedWork | None = None
        self._agent_is_at_it = False
        self._tests: TestReport | None = None

    @property
    def called(self) -> bool:
        """Say whether the agent was called, so that there is a usage to report."""
        return self._calls.usage is not None

    def prepare(self) -> None:
        """Install dependencies and, after a conflict, merge the base into the working tree."""
        commands = self._assignment.commands
        with self._steps.step("prepare") as step:
            if commands.test is None:
                raise RunEnds(
                    FailureClass.ENVIRONMENT,
                    "no test command is known: add testCommand to .rig-agent.yaml",
                )
            installed = self._install(commands.tools)
            if commands.setup is not None:
                result = self._run(commands.setup, network=commands.setup_network)
                if not result.ok:
                    self._note_tests(commands.setup, result)
                    raise RunEnds(
                        FailureClass.ENVIRONMENT,
                        f"setupCommand {result.describe()}: {commands.setup}",
                    )
            if self._assignment.merging:
                self._merge()
            step.passed(installed)

    def _install(self, tools: tuple[Installation, ...]) -> str:
        """Install the repository's tools, and return what they are."""
        for tool in tools:
            failed = install(
                tool, self._runtime.workshop, seconds=max(self._calls.seconds_left, 0.0)
            )
            if failed is not None:
                self._note_tests(failed.words, failed.result)
                raise RunEnds(FailureClass.ENVIRONMENT, failed.sentence)
        return f"tools: {', '.join(tool.label for tool in tools)}" if tools else ""

    def ask_agent(self, feedback: Feedback | None) -> None:
        """Let the agent change the working tree."""
        self._calls.require_room()
        self._agent_is_at_it = True
        with self._steps.step("implement") as step:
            step.cost_micro_usd = None
            outcome = self._calls.ask(feedback)
            step.cost_micro_usd = outcome.usage.cost_micro_usd
            step.passed(outcome.finished.text if outcome.finished else "")

    def commit(self) -> Feedback | None:
        """Commit what the agent left; conflict marks in it go back to the agent."""
        runtime = self._runtime
        try:
            self._work = commit_work(
                runtime.workshop,
                self._assignment,
                message=commit_message(
                    self._assignment, agent=runtime.author.name, model=runtime.provider.model
                ),
                author=runtime.author,
                when=runtime.now(),
                since=self._assignment.since_sha,
            )
        except HarvestFailed as failure:
            raise RunEnds(FailureClass.WORK, str(failure)) from failure
        self._agent_is_at_it = False
        if self._work is None:
            raise RunEnds(FailureClass.WORK, "the agent changed nothing")
        if not self._work.unresolved:
            return None
        files = ", ".join(self._work.unresolved)
        return Feedback(kind=FeedbackKind.CONFLICT, summary=f"Conflict marks are still in {files}.")

    def judge(self) -> Feedback | None:
        """Run the repository's own commands; None means that all were green."""
        commands = self._assignment.commands
        for kind, script in (
            (FeedbackKind.BUILD, commands.build),
            (FeedbackKind.TESTS, commands.test),
        ):
            if script is not None and (failed := self._try(kind, script)) is not None:
                return failed
        return None

    def outcome(self, end: RunEnds | None) -> RunOutcome:
        """Gather what the run left."""
        bundle = None
        if self._work is not None and not _told_to_stop(end):
            try:
                bundle = bundle_work(self._runtime.workshop, self._assignment)
            except HarvestFailed as failure:
                end = end or RunEnds(FailureClass.WORK, str(failure))
            except RunEnds as stop:
                end = stop
            except (RigError, OSError) as error:
                end = end or run_broken(error)
        saved = Salvaged(work=self._work if bundle is not None else None, bundle=bundle)
        if _told_to_stop(end):
            saved = self._salvage()
        work = saved.work
        calls = self._calls
        return RunOutcome(
            success=end is None,
            reason=end.reason if end else "the test command is green on the new commits",
            base_sha=self._assignment.base_sha,
            transcript_path=self._runtime.transcript_path,
            steps=self._steps.reports,
            bundle=saved.bundle,
            not_kept=saved.not_kept,
            head_sha=work.sha if work else None,
            files_changed=work.files_changed if work else 0,
            lines_changed=work.lines_changed if work else 0,
            tests=self._tests,
            usage=calls.usage,
            failure=end.failure if end else None,
            retry_seconds=end.retry_seconds if end else None,
            ending=calls.ending,
            session=calls.session,
            rounds=calls.rounds,
            agent_start_seconds=calls.start_seconds,
        )

    def _salvage(self) -> Salvaged:
        """Take out what the agent left, or what its last commit had before the tests ran."""
        if not self.called:
            return Salvaged()
        taken = "" if self._agent_is_at_it or self._work is None else self._work.sha
        return salvage(self._assignment, self._runtime, taken=taken)

    def _merge(self) -> None:
        try:
            merge_base_branch(self._runtime.workshop, self._assignment)
        except HarvestFailed as failure:
            raise RunEnds(FailureClass.INFRA, str(failure)) from failure

    def _try(self, kind: FeedbackKind, script: str) -> Feedback | None:
        name = "build" if kind is FeedbackKind.BUILD else "test"
        with self._steps.step(name) as step:
            result = self._run(script)
            self._note_tests(script, result)
            if result.ok:
                step.passed()
                return None
            step.detail = f"{name}Command {result.describe()}"
            if result.missing:
                raise RunEnds(
                    FailureClass.ENVIRONMENT, f"{name}Command cannot be started: {script}"
                )
            return Feedback(
                kind=kind, summary=f"{step.detail}: {script}", output=clip(result.output, _OUTPUT)
            )

    def _run(self, script: str, *, network: bool = False) -> CommandResult:
        workshop = self._runtime.workshop
        result = run_shell(
            script,
            spec=workshop.spec(cwd=self._assignment.commands.workdir, network=network),
            sandbox=workshop.sandbox,
            seconds=max(self._calls.seconds_left, 0.0),
            stop=workshop.stop,
        )
        if result.stopped:
            raise run_stopped()
        return result

    def _note_tests(self, script: str, result: CommandResult) -> None:
        self._tests = TestReport(
            command=script,
            passed=result.ok,
            output_tail=result.output,
            seconds=result.exit.seconds,
            rounds=self._calls.rounds,
        )


def _told_to_stop(end: RunEnds | None) -> bool:
    return end is not None and end.failure is FailureClass.SHUTDOWN
