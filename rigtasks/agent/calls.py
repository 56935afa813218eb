"""The calls of the agent within one run: limits before, usage and ending after each."""

import time

import msgspec

from rigtasks.agent.assignment import Assignment, Feedback
from rigtasks.agent.endings import Ending
from rigtasks.agent.prompts import build_prompt
from rigtasks.agent.provider import AgentCall
from rigtasks.agent.run_end import RunEnds
from rigtasks.agent.runtime import Runtime
from rigtasks.agent.supervisor import AgentOutcome, run_agent
from rigtasks.agent.transcript import Transcript
from rigtasks.agent.usage import unreported_usage
from rigtasks.budget.cap import remaining
from rigtasks.budget.usage import Usage
from rigtasks.lifecycle.caps import budget_used_up
from rigtasks.lifecycle.failure import FailureClass


class AgentCalls:
    """Calls one agent again and again, and remembers what that took.

    Args:
        assignment: the work order; its limits bound all calls together.
        runtime: where and with what.
        schema: the JSON Schema of the answer, where the answer is data.
    """

    def __init__(
        self, assignment: Assignment, runtime: Runtime, *, schema: bytes | None = None
    ) -> None:
        self.rounds = 0
        self.usage: Usage | None = None
        self.ending: Ending | None = None
        self.session = assignment.session
        self.start_seconds: float | None = None
        self._assignment = assignment
        self._runtime = runtime
        self._schema = schema
        self._began = time.monotonic()

    @property
    def seconds_left(self) -> float:
        """What is left of the run's time."""
        allowed = self._assignment.limits.max_seconds * self._runtime.time_scale
        return allowed - (time.monotonic() - self._began)

    def require_room(self) -> None:
        """Make sure that the limits allow a further call.

        Raises:
            RunEnds: one of them is reached.
        """
        limits = self._assignment.limits
        if self.rounds >= limits.max_rounds:
            raise RunEnds(FailureClass.WORK, f"not done after {self.rounds} rounds")
        if self.seconds_left <= 0:
            raise RunEnds(FailureClass.WORK, f"not done after {limits.max_seconds / 60:.0f} min")
        self._money_left()

    def ask(self, feedback: Feedback | None) -> AgentOutcome:
        """Call the agent once; it may have changed files, and said something, when this returns.

        Raises:
            RunEnds: a limit is reached, or the call did not end with a finished turn.
        """
        self.require_room()
        call = self._call(feedback)
        runtime = self._runtime
        timers = runtime.timers.scaled(runtime.time_scale)
        if self.start_seconds is None:
            self.start_seconds = time.monotonic() - self._began
        try:
            with Transcript(runtime.transcript_path) as transcript:
                outcome = run_agent(
                    runtime.provider,
                    call,
                    spec=runtime.workshop.spec(cwd=self._assignment.commands.workdir),
                    sandbox=runtime.workshop.sandbox,
                    timers=msgspec.structs.replace(timers, wall=min(timers.wall, call.seconds)),
                    transcript=transcript,
                    stop=runtime.workshop.stop,
                    on_event=runtime.on_event,
                )
        except Exception:
            provider = runtime.provider
            price = provider.cost_micro_usd_per_call
            self._spend(unreported_usage(model=provider.model, cost_micro_usd=price))
            raise
        self._remember(outcome)
        failure = outcome.ending.failure
        if failure is not None:
            detail = outcome.ending.detail or outcome.ending.ending.value
            wait = outcome.ending.wait_seconds(runtime.now())
            raise RunEnds(failure, f"the agent ended: {detail}", retry_seconds=wait)
        return outcome

    def _call(self, feedback: Feedback | None) -> AgentCall:
        return AgentCall(
            role=self._assignment.role,
            prompt=build_prompt(self._assignment, self._runtime.character, feedback),
            seconds=self.seconds_left,
            max_turns=self._assignment.limits.max_turns,
            cost_micro_usd=self._money_left(),
            session=self.session,
            schema=self._schema,
        )

    def _money_left(self) -> int | None:
        cap = self._assignment.limits.max_cost_micro_usd
        if cap is None:
            return None
        spent = self.usage.cost_micro_usd if self.usage else 0
        used_up = budget_used_up(spent, cap)
        if used_up is not None:
            raise RunEnds(FailureClass.BUDGET, used_up)
        return remaining(spent, cap)

    def _remember(self, outcome: AgentOutcome) -> None:
        if self.rounds == 0 and self.start_seconds is not None:
            self.start_seconds += outcome.exit.spawn_seconds
        self.rounds += 1
        self._spend(outcome.usage)
        self.ending = outcome.ending.ending
        self.session = outcome.session or self.session

    def _spend(self, usage: Usage) -> None:
        self.usage = usage if self.usage is None else self.usage + usage
