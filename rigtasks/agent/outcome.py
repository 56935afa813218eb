"""What came of a run, as frozen values; storing them is somebody else's step."""

from pathlib import Path

import msgspec

from rigtasks.agent.endings import Ending
from rigtasks.lifecycle.events.base import Usage
from rigtasks.lifecycle.failure import FailureClass

PASSED = "passed"
FAILED = "failed"


class StepReport(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a run: prepare, implement, build, test or review, in the order they happened.

    `cost_micro_usd` is None where nobody could price it.
    """

    name: str
    status: str
    seconds: float
    cost_micro_usd: int | None = 0
    detail: str = ""


class TestReport(msgspec.Struct, frozen=True, kw_only=True):
    """The last run of the repository's own commands."""

    __test__ = False

    command: str
    passed: bool
    output_tail: str
    seconds: float
    rounds: int


class RunOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run that had to change code.

    Args:
        success: there are commits with a non-empty diff and the test command was green on them.
        bundle: the commits as a git bundle; kept even after a failure when there are any. Of a run
            that was told to stop it is the unfinished work.
        not_kept: why such a run has none although its agent had begun.
        head_sha: the new head as the sandbox reports it.
        base_sha: the commit the run was recorded with.
        tests: the last build or test run.
        usage: of all calls of the agent; None when none was made.
        failure: None on success.
        reason: in one sentence, for people.
        retry_seconds: the provider's own time to wait, where it named one.
        ending: of the last call of the agent.
        rounds: calls of the agent.
        agent_start_seconds: from the start of the run to the running agent process.
    """

    success: bool
    reason: str
    base_sha: str
    transcript_path: Path
    steps: tuple[StepReport, ...] = ()
    bundle: bytes | None = None
    not_kept: str = ""
    head_sha: str | None = None
    files_changed: int = 0
    lines_changed: int = 0
    tests: TestReport | None = None
    usage: Usage | None = None
    failure: FailureClass | None = None
    retry_seconds: float | None = None
    ending: Ending | None = None
    session: str | None = None
    rounds: int = 0
    agent_start_seconds: float | None = None
