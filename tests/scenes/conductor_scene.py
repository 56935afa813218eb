"""A conductor on real Postgres and the sandbox GitHub; the agents' part is done by hand."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from rigtasks.budget.usage import CostBasis, Usage
from rigtasks.conductor.alone import alone_with
from rigtasks.conductor.attend import attend
from rigtasks.conductor.context import Conductor
from rigtasks.conductor.deliveries import work_on_delivery
from rigtasks.conductor.effects import wake
from rigtasks.conductor.intake import take_in
from rigtasks.conductor.publish import publish
from rigtasks.conductor.reviews import post_review
from rigtasks.eventstore.artifacts import Artifact, ArtifactKind
from rigtasks.eventstore.claims import Claimed, Limits
from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.payloads import packed
from rigtasks.github.client import UNHURRIED, GitHub, GitHubSettings
from rigtasks.github.identities import (
    AppCredentials,
    Credentials,
    PersonalToken,
    RepositoryRef,
    Role,
)
from rigtasks.lifecycle.commands import (
    Accepted,
    Command,
    FinishRun,
    RecordMerge,
    ReleaseRun,
    Reviewed,
    StartWork,
)
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.lifecycle.events.intake import IssueLimits
from rigtasks.lifecycle.events.work import Unfinished
from rigtasks.lifecycle.state import IssueState, Lane, Stage, stream_name
from rigtasks.lifecycle.timers import Timers
from rigtasks.local.github.seeding import Person, Seeder
from rigtasks.local.github.server import SandboxGitHub
from rigtasks.routing.agent_config import CONFIG_PATH, parse_agent_config
from rigtasks.routing.facts import IntakePolicy
from rigtasks.routing.internal import InternalRepositories
from rigtasks.routing.labels import READY
from rigtasks.routing.stack import Queue
from rigtasks.runs.assignments import branch_of, head_to_go_on_from
from rigtasks.shell import IssueShell, Told
from rigtasks.testing.real_git import real_git
from rigtasks.workspace.checkout import Start, checkout_for_agent, remote_heads
from rigtasks.workspace.clean_clones import GitCleanClones
from rigtasks.workspace.git import Git, Remote

CONFIG = "stack: python\ntestCommand: python -m unittest -q\n"
FILES = {"price.py": "def price(x):\n    return int(x)\n", CONFIG_PATH: CONFIG}
FIXED = "def price(x):\n    return round(x)\n"
AGENT = {"user.name": "dev-e[bot]", "user.email": "200101+dev-e[bot]@users.noreply.github.com"}
NO_COST = Usage(model="none", turns=1, cost_micro_usd=0, cost_basis=CostBasis.REPORTED)
_WORKER = Actor(kind=ActorKind.WORKER, id="by hand")
_REVIEWER = Actor(kind=ActorKind.REVIEWER, id="by hand")


def app_credentials(seeder: Seeder) -> dict[Role, Credentials]:
    """Return the rig's three Apps."""
    apps = seeder.apps()
    return {
        role: AppCredentials(
            app_id=str(apps[role.value]["app_id"]),
            private_key=Path(apps[role.value]["private_key_path"]).read_text(),
        )
        for role in Role
    }


def token_credentials(owner: Person, reviewer: Person) -> dict[Role, Credentials]:
    """Return the personal tokens of somebody who tries the rig out with a second account."""
    own = PersonalToken(token=owner.token, read_only_token=owner.token)
    return {
        Role.AUTHOR: own,
        Role.REVIEWER: PersonalToken(token=reviewer.token),
        Role.CONDUCTOR: own,
    }


def github_settings(sandbox: SandboxGitHub, credentials: dict[Role, Credentials]) -> GitHubSettings:
    """Return the way to the sandbox with these identities."""
    return GitHubSettings(
        api_url=sandbox.url, credentials=credentials, pace=UNHURRIED, time_scale=0.01
    )


def make_conductor(
    stores: Stores, settings: GitHubSettings, folder: Path, database_url: str
) -> Conductor:
    """Build a conductor as `conducting` does, on the sandbox."""
    apps = {
        role: int(one.app_id)
        for role, one in settings.credentials.items()
        if isinstance(one, AppCredentials)
    }
    return Conductor(
        stores=stores,
        shell=IssueShell(stores, Timers()),
        github=GitHub(settings),
        intake=IntakePolicy(internal=InternalRepositories(), queues=frozenset(Queue)),
        label=READY,
        limits=IssueLimits(),
        app_ids=apps,
        mail_host="github.com",
        clones=GitCleanClones(folder),
        now=lambda: datetime.now(UTC),
        alone=partial(alone_with, database_url),
    )


class Died(BaseException):
    """The process ended here."""


class _DyingShell(IssueShell):
    """A shell whose process ends when a merge is to be recorded."""

    def tell(self, stream: str, command: Command, **how: Any) -> Told:
        if isinstance(command, RecordMerge):
            raise Died
        return super().tell(stream, command, **how)


@dataclass
class Scene:
    """One repository with one labelled issue."""

    conductor: Conductor
    seeder: Seeder
    maria: Person
    repository: RepositoryRef
    folder: Path
    operator: Person
    github_settings: GitHubSettings
    config: str = CONFIG
    number: int = 0
    generation: int = 1
    checkouts: int = 0
    cause: UUID = field(default_factory=uuid4)

    @property
    def repo(self) -> str:
        return self.repository.full_name

    @property
    def stream(self) -> str:
        return stream_name(self.repository.id, self.number, self.generation)

    @property
    def state(self) -> IssueState:
        state = self.conductor.stores.events.load(self.stream).state
        assert state is not None
        return state

    def types(self) -> list[str]:
        return [one.event.type for one in self.conductor.stores.events.events(self.stream)]

    def label(self, title: str = "Prices are cut") -> None:
        """File an issue, label it, and let the conductor take it in."""
        self.number = int(self.maria.create_issue(self.repo, title, "1.6 should be 2")["number"])
        self.maria.label(self.repo, self.number, READY)
        self.take_in()

    def take_in(self) -> str:
        return take_in(self.conductor, self.repository, self.number, cause=uuid4())

    def claim(self) -> Claimed:
        state = self.state
        claimed = self.conductor.stores.claims.claim(
            queue=state.wanted_queue or "nobody",
            agent="by hand",
            holder="by hand",
            run_id=uuid4(),
            lease_seconds=600.0,
            limits=Limits(),
        )
        assert isinstance(claimed, Claimed), claimed
        return claimed

    def tell(self, claimed: Claimed, command: Command) -> None:
        actor = _REVIEWER if claimed.stage is Stage.REVIEW else _WORKER
        self.conductor.shell.tell(
            self.stream,
            command,
            actor=actor,
            cause=claimed.run_id,
            run_id=claimed.run_id,
            epoch=claimed.epoch,
        )

    def remote(self) -> Remote:
        github = self.conductor.github
        token = github.push_token(self.repository).value
        return Remote(url=github.clone_url(self.repository), token=token)

    def implement(self, files: dict[str, str]) -> str:
        """Claim, commit these files as an agent would, and leave the bundle behind."""
        claimed, work = self._work(files)
        result = Accepted(
            artifact_id=work.artifact_id,
            base_sha=work.base_sha,
            head_sha=work.head_sha,
            command="python -m unittest -q",
            files_changed=1,
            lines_changed=2,
        )
        self.finish(claimed, result)
        return work.head_sha

    def interrupt(self, files: dict[str, str]) -> str:
        """Claim, commit these files as a stopped run does, and give the claim back with them."""
        claimed, work = self._work(files)
        self.tell(
            claimed,
            ReleaseRun(
                run_id=claimed.run_id,
                epoch=claimed.epoch,
                reason="the worker is shutting down",
                usage=NO_COST,
                unfinished=work,
            ),
        )
        return work.head_sha

    def _work(self, files: dict[str, str]) -> tuple[Claimed, Unfinished]:
        claimed, state, remote = self.claim(), self.state, self.remote()
        branch, base_sha = branch_of(state), remote_heads(remote, "main")["main"]
        found = remote_heads(remote, branch).get(branch)
        start = Start(base_sha=base_sha, head_sha=head_to_go_on_from(state, found))
        self.checkouts += 1
        checkout = self.folder / f"checkout-{self.checkouts}"
        checkout_for_agent(checkout, remote, start, branch=branch)
        self.tell(
            claimed,
            StartWork(
                run_id=claimed.run_id,
                epoch=claimed.epoch,
                base_sha=base_sha,
                head_sha=start.head_sha,
                branch=branch,
                isolation="none",
                config=parse_agent_config(self.config.encode()),
                config_sha=Git(checkout).read("rev-parse", f"{base_sha}:{CONFIG_PATH}").text,
            ),
        )
        head_sha = commit(Git(checkout), files)
        kept = self.keep(claimed, ArtifactKind.BUNDLE, _bundle(checkout, start, branch))
        return claimed, Unfinished(artifact_id=kept, base_sha=base_sha, head_sha=head_sha)

    def keep(self, claimed: Claimed, kind: ArtifactKind, data: bytes) -> UUID:
        artifact = Artifact(id=uuid4(), run_id=claimed.run_id, kind=kind, data=data)
        self.conductor.stores.artifacts.put(artifact)
        return artifact.id

    def finish(self, claimed: Claimed, result: Accepted | Reviewed) -> None:
        self.tell(
            claimed,
            FinishRun(
                run_id=claimed.run_id,
                epoch=claimed.epoch,
                ending="ok",
                seconds=1.0,
                usage=NO_COST,
                steps=(),
                result=result,
            ),
        )

    def publish(self) -> str:
        return publish(self.conductor, self.stream, cause=uuid4())

    def attend(self) -> str:
        return attend(self.conductor, self.stream, cause=uuid4())

    def review(self, verdict: str, *findings: dict[str, Any]) -> str:
        """Claim the review, give this verdict, and let the conductor post it."""
        self.finish_review(self.claim(), verdict, *findings)
        return post_review(self.conductor, self.stream, cause=uuid4())

    def finish_review(self, claimed: Claimed, verdict: str, *findings: dict[str, Any]) -> None:
        """Report this verdict for a claimed review."""
        said = {"verdict": verdict, "summary": "Looked at it.", "findings": list(findings)}
        data = json.dumps(said).encode()
        head_sha = self.state.head_sha or ""
        kept = self.keep(claimed, ArtifactKind.REVIEW, data)
        self.finish(claimed, Reviewed(artifact_id=kept, head_sha=head_sha))

    def wake(self) -> str:
        return wake(self.conductor, self.stream, cause=uuid4())

    def crash_after_the_merge(self) -> None:
        """Let the conductor die between GitHub's answer and writing it down."""
        dying = replace(self.conductor, shell=_DyingShell(self.conductor.stores, Timers()))
        with pytest.raises(Died):
            attend(dying, self.stream, cause=uuid4())

    def pull(self) -> int:
        """Return the number of the pull request."""
        assert self.state.pr is not None
        return self.state.pr.number

    def turn_green(self) -> None:
        """Report a check at the head, as a CI system does."""
        path = f"/repos/{self.repo}/statuses/{self.state.head_sha}"
        self.maria.call("POST", path, {"state": "success", "context": "test"})

    def ready_to_merge(self) -> None:
        """Go all the way to an approved head with a green check."""
        self.label()
        self.implement({"price.py": FIXED})
        self.publish()
        self.turn_green()
        self.review("approve")

    def deliver(self, action: str, label: str = READY) -> str:
        """Let the conductor work on an issue's webhook as the receiver stores it."""
        shown = self.maria.call("GET", f"/repos/{self.repo}/issues/{self.number}")
        repository = self.maria.call("GET", f"/repos/{self.repo}")
        payload = {
            "action": action,
            "label": {"name": label},
            "issue": shown,
            "repository": repository,
            "sender": shown["user"],
        }
        delivery_id = str(uuid4())
        self.conductor.stores.database.rows(
            "INSERT INTO deliveries (delivery_id, event, action, headers, payload, status) "
            "VALUES (%s, 'issues', %s, '{}', %s, 'pending')",
            (delivery_id, action, packed(json.dumps(payload).encode())),
        )
        return work_on_delivery(self.conductor, delivery_id)

    def push_as_person(self, branch: str, files: dict[str, str], *, away: bool = False) -> str:
        """Push one more commit onto a branch as a person does, or in the place of its last."""
        self.checkouts += 1
        clone = self.folder / f"clone-{self.checkouts}"
        url = self.maria.clone_url(self.repo)
        clone_as(self.maria, url, clone)
        git = Git(clone)
        known = git.run("checkout", "--quiet", branch).returncode == 0
        if not known:
            git.read("checkout", "--quiet", "-b", branch)
        if away:
            git.read("reset", "--quiet", "--hard", "HEAD~1")
        sha = commit(git, files)
        git_as(self.maria, clone, "push", "--quiet", *(["--force"] if away else []), url, branch)
        return sha


def git_as(person: Person, folder: Path, *arguments: str) -> None:
    """Run git with the login of a person."""
    email = f"{person.login}@example.invalid"
    token = person.token
    real_git(folder, *arguments, name=person.login, email=email, token=token).check_returncode()


def clone_as(person: Person, url: str, clone: Path) -> None:
    """Clone into a new folder."""
    clone.mkdir()
    git_as(person, clone, "clone", "--quiet", url, ".")


def commit(git: Git, files: dict[str, str]) -> str:
    """Commit files and return the commit."""
    for name, text in files.items():
        (git.directory / name).write_text(text)
    git.read("add", "-A")
    git.read("commit", "-q", "-m", "fix: round prices", settings=AGENT)
    return git.read("rev-parse", "HEAD").text


def _bundle(checkout: Path, start: Start, branch: str) -> bytes:
    arguments = ("bundle", "create", "-", f"refs/heads/{branch}", f"^{start.sha}")
    return subprocess.run(
        ("git", "-C", str(checkout), *arguments), check=True, capture_output=True
    ).stdout


MakeScene = Callable[..., Scene]

__all__ = ["CONFIG", "FILES", "FIXED", "Lane", "MakeScene", "Scene"]
