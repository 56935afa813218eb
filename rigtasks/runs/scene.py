"""Where one run happens: its claim, its folder, its way to the issue, and when it must stop."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import msgspec

from rigtasks.agent.assignment import Feedback
from rigtasks.agent.characters import load_character
from rigtasks.agent.harvest import Author
from rigtasks.agent.runtime import Runtime
from rigtasks.agent.sandbox import inner_prefix
from rigtasks.agent.walls import Walls
from rigtasks.agent.workshop import Workshop
from rigtasks.errors import StaleEpoch
from rigtasks.eventstore.artifacts import LARGEST, Artifact, ArtifactKind
from rigtasks.eventstore.claims import Claimed
from rigtasks.lifecycle.commands import Command, ReportProgress
from rigtasks.lifecycle.envelope import Actor
from rigtasks.lifecycle.state import ActiveRun, IssueState, Stage
from rigtasks.routing.offers import Choice
from rigtasks.routing.tools import Installation
from rigtasks.runs.chosen import ChosenProvider
from rigtasks.runs.credentials import request_credentials
from rigtasks.runs.kit import WorkerKit
from rigtasks.runs.lease import LeaseKeeper
from rigtasks.runs.progress import HeardSandbox, Progress
from rigtasks.sealing import RunCredentials
from rigtasks.shell import Doubt, Told
from rigtasks.workspace.checkout import Start, checkout_for_agent, remote_heads
from rigtasks.workspace.errors import BranchNotFound
from rigtasks.workspace.git import Remote

_LONGEST_MESSAGE = 500
_CHARACTERS = {Stage.IMPLEMENT: "dev-e", Stage.REVIEW: "review-e"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One run in progress.

    Args:
        kit: the worker's collaborators.
        claimed: the claim.
        actor: whose events the run writes.
        keeper: keeps the lease and says when to stop.
        progress: where signs of life of its commands are noted.
        chosen: where it is noted whose agent works.
        folder: the run's own, empty at first and removed afterwards.
    """

    kit: WorkerKit
    claimed: Claimed
    actor: Actor
    keeper: LeaseKeeper
    progress: Progress
    chosen: ChosenProvider
    folder: Path

    def issue(self) -> tuple[IssueState, ActiveRun]:
        """Return the issue as it was claimed.

        Raises:
            StaleEpoch: somebody else has it now.
        """
        state = self.kit.stores.events.load(self.claimed.stream).state
        if state is None or state.run is None or state.run.run_id != self.claimed.run_id:
            raise StaleEpoch(f"run {self.claimed.run_id} lost its claim before it began")
        return state, state.run

    def tell(self, command: Command) -> Told:
        """Report to the issue, again and again while Postgres is away and the claim holds.

        Raises:
            StaleEpoch: the claim was lost.
            Retryable: the report did not get through while the claim held.
        """
        doubt = Doubt()
        return self.keeper.persist(
            lambda: self.kit.shell.tell(
                self.claimed.stream,
                command,
                actor=self.actor,
                cause=self.claimed.run_id,
                epoch=self.claimed.epoch,
                run_id=self.claimed.run_id,
                doubt=doubt,
            )
        )

    def credentials(self) -> RunCredentials:
        """Return the run's read-only token.

        Raises:
            CredentialsRefused: there is none.
        """
        return request_credentials(
            self.kit.credentials,
            self.claimed.stream,
            self.claimed.run_id,
            self.claimed.epoch,
            patience=self.kit.token_patience,
            stop=self.keeper.stop,
        )

    def head(self, remote: Remote, branch: str) -> str | None:
        """Return the commit a branch is at now, None where there is no such branch."""
        return remote_heads(remote, branch, stop=self.keeper.stop).get(branch)

    def base_head(self, remote: Remote, branch: str) -> str:
        """Return the commit the base branch is at now.

        Raises:
            BranchNotFound: there is no such branch.
        """
        found = self.head(remote, branch)
        if found is None:
            raise BranchNotFound(f"the repository has no branch {branch}")
        return found

    def check_out(self, remote: Remote, start: Start, branch: str) -> Workshop:
        """Clone the repository without a way back, and put the walls around it."""
        checkout = self.folder / "repository"
        checkout_for_agent(checkout, remote, start, branch=branch, stop=self.keeper.stop)
        scratch = self.folder / "home"
        scratch.mkdir()
        return Workshop(
            checkout=checkout,
            scratch=scratch,
            sandbox=HeardSandbox(Walls(level=self.kit.level), self.progress),
            tools=self.kit.tools,
            bounds=self.kit.bounds,
            mark=f"rig-run-{self.claimed.run_id}",
            stop=self.keeper.stop,
            grace=self.keeper.grace,
        )

    def with_tools(
        self, workshop: Workshop, names: tuple[str, ...]
    ) -> tuple[Workshop, tuple[Installation, ...]]:
        """Make a place for the tools of the run, and say how they are installed there."""
        if not names:
            return workshop, ()
        prefix = self.folder / "tools"
        (prefix / "bin").mkdir(parents=True)
        seen = str(inner_prefix(prefix, workshop.level))
        installations = self.kit.tool_list.installations(names, prefix=seen)
        return msgspec.structs.replace(workshop, prefix=prefix), installations

    def runtime(self, workshop: Workshop, credentials: RunCredentials, choice: Choice) -> Runtime:
        """Return everything the agent's run needs besides its assignment."""
        stage = self.claimed.stage
        return Runtime(
            provider=self.kit.provider(stage, choice),
            character=load_character(_CHARACTERS[stage]),
            workshop=workshop,
            author=Author(name=credentials.author_name, email=credentials.author_email),
            now=self.kit.now,
            transcript_path=self.folder / "transcript.ndjson",
            timers=self.kit.timers,
            time_scale=self.kit.time_scale,
            on_feedback=self._tell_progress,
        )

    def _tell_progress(self, feedback: Feedback) -> None:
        """Say what goes back to the agent, with the end of what a command printed."""
        message = f"{feedback.summary}\n{feedback.output[-_LONGEST_MESSAGE:]}"
        self.tell(
            ReportProgress(
                run_id=self.claimed.run_id,
                epoch=self.claimed.epoch,
                kind=feedback.kind,
                message=message,
            )
        )

    def keep(self, kind: ArtifactKind, data: bytes) -> UUID:
        """Store something of this run in Postgres, patiently like a report; return its id.

        Raises:
            Retryable: it was not stored while the claim held.
            Rejected: it is too large.
        """
        artifact = Artifact(id=uuid4(), run_id=self.claimed.run_id, kind=kind, data=data)
        self.keeper.persist(lambda: self.kit.stores.artifacts.put(artifact))
        return artifact.id

    def keep_unfinished(self, data: bytes) -> UUID:
        """Store the bundle of unfinished work, trying only once: the worker has to be gone soon.

        Raises:
            Retryable: it was not stored.
            Rejected: it is too large.
        """
        bundle = Artifact(
            id=uuid4(), run_id=self.claimed.run_id, kind=ArtifactKind.BUNDLE, data=data
        )
        self.kit.stores.artifacts.put(bundle)
        return bundle.id

    def keep_transcript(self, path: Path) -> None:
        """Store the transcript, where there is one; of an overlong one the end."""
        if path.is_file():
            data = path.read_bytes()[-LARGEST[ArtifactKind.TRANSCRIPT] :]
            self.keep(ArtifactKind.TRANSCRIPT, data)
