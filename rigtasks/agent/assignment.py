"""Everything one run is about, as one frozen value."""

from enum import StrEnum
from uuid import UUID

import msgspec

from rigtasks.routing.tools import Installation


class Role(StrEnum):
    """What an agent is asked to be; a prompt and a sandbox are made for one role only."""

    IMPLEMENT = "implement"
    REVIEW = "review"


class FeedbackKind(StrEnum):
    """What sent the work back to the agent."""

    REVIEW = "review"
    CI = "ci"
    CONFLICT = "conflict"
    BUILD = "build"
    TESTS = "tests"


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """One finding of a reviewer, bound to a line where it has one."""

    message: str
    severity: str = ""
    path: str | None = None
    line: int | None = None


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """Why the previous state of the branch was not good enough.

    Args:
        kind: where it comes from.
        summary: in one sentence.
        remarks: a reviewer's findings.
        output: what a command printed.
    """

    kind: FeedbackKind
    summary: str
    remarks: tuple[Remark, ...] = ()
    output: str = ""


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """One comment of the issue by a permitted person, already sanitised."""

    author: str
    body: str


class Commands(msgspec.Struct, frozen=True, kw_only=True):
    """The repository's own commands, each one shell line, run only in the sandbox.

    Args:
        setup: installs dependencies, before the agent starts.
        build: must succeed before the tests run.
        test: decides whether the work is done; without one no run can succeed.
        workdir: where they start, relative to the repository.
        setup_network: whether the set-up command may reach the network.
        tools: extra tools to install before all of them.
    """

    setup: str | None = None
    build: str | None = None
    test: str | None = None
    workdir: str = "."
    setup_network: bool = False
    tools: tuple[Installation, ...] = ()


class RunLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one run may use.

    Args:
        max_rounds: calls of the agent, the first one included.
        max_turns: turns within one call, where the provider counts them.
        max_seconds: for the whole run.
        max_cost_micro_usd: for the whole run; a call of unknown cost uses all of it.
    """

    max_rounds: int = 4
    max_turns: int = 60
    max_seconds: float = 5400.0
    max_cost_micro_usd: int | None = None


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """One run's work order; title, body and comments are the text as approved, sanitised.

    Args:
        run_id: the run that holds the claim.
        ref: `owner/repo#n`, for people and for commit trailers.
        issue_number: the n of `ref`.
        role: who is asked.
        base_branch: the branch the work will be merged into.
        base_sha: the commit of the base branch that was recorded for this run.
        branch: the branch of the issue.
        head_sha: where the branch stands now; equal to `base_sha` on the first run.
        unfinished_since: where the unfinished work at `head_sha` begins, None where there is none.
        attempt: 1 for the first run of the issue.
        feedback: set when the branch came back.
        diff: the change under review, complete; only for `Role.REVIEW`.
        diff_truncated: the diff could not be had completely.
        memories: what earlier runs left for this repository.
        session: the provider's session to resume.
    """

    run_id: UUID
    ref: str
    issue_number: int
    role: Role
    title: str
    body: str
    base_branch: str
    base_sha: str
    branch: str
    head_sha: str
    unfinished_since: str | None = None
    comments: tuple[Comment, ...] = ()
    commands: Commands = Commands()
    limits: RunLimits = RunLimits()
    attempt: int = 1
    feedback: Feedback | None = None
    diff: str = ""
    diff_truncated: bool = False
    memories: tuple[str, ...] = ()
    session: str | None = None

    @property
    def since_sha(self) -> str:
        """Return the commit against which the work of this issue is told."""
        return self.unfinished_since or self.head_sha

    @property
    def merging(self) -> bool:
        """Say whether the base is merged into the branch first."""
        return self.feedback is not None and self.feedback.kind is FeedbackKind.CONFLICT
