"""What a simulation needs of the GitHub in memory beyond the suite of the seam."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from rigtasks.errors import RigError
from rigtasks.github.api import Api
from rigtasks.github.errors import RateLimited
from rigtasks.github.identities import RepositoryRef, Role
from rigtasks.github.issues import comment_once, read_comments, read_issue
from rigtasks.github.payloads import parse_delivery
from rigtasks.github.webhook_facts import HeadFact, IssueCommentFact, IssueFact, PullRequestFact
from rigtasks.testing.memory_github import (
    Asked,
    MemoryCheckout,
    MemoryCleanClones,
    MemoryGitHub,
    MemoryIdentities,
    NoFaults,
    issues,
    pulls,
    reviews,
)
from rigtasks.testing.memory_github.faults import limited, unavailable
from rigtasks.testing.memory_github.model import Repository
from rigtasks.workspace.checkout import Start
from rigtasks.workspace.errors import AuthenticationFailed
from rigtasks.workspace.git import Remote

START = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


class Planned(NoFaults):
    """Fails the next call once, where it was told to."""

    def __init__(self) -> None:
        self.next_before: RigError | None = None
        self.next_after = False
        self.stale = False

    def before(self, asked: Asked) -> None:
        del asked
        error, self.next_before = self.next_before, None
        if error is not None:
            raise error

    def after(self, asked: Asked) -> None:
        fails, self.next_after = self.next_after, False
        if fails:
            raise unavailable(asked)

    def is_stale(self, asked: Asked) -> bool:
        del asked
        return self.stale


class Scene:
    def __init__(self) -> None:
        self.clock, self.faults = Clock(), Planned()
        self.hub = MemoryGitHub(self.clock, faults=self.faults)
        self.repo: Repository = self.hub.create_repository(
            "acme/api", files={"a.py": "x = 1\n"}, roles={"mona": "write"}
        )
        self.mona = self.hub.person("mona")
        self.github = MemoryIdentities(self.hub)
        self.ref = RepositoryRef(id=self.repo.id, full_name=self.repo.full_name)
        self.number = issues.open_issue(self.hub, self.repo, self.mona, "Totals").number

    @property
    def api(self) -> Api:
        return self.github.api(Role.CONDUCTOR, self.ref)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_write_that_fails_before_its_effect_has_none(scene: Scene) -> None:
    scene.faults.next_before = limited(60.0)

    with pytest.raises(RateLimited) as limit:
        comment_once(scene.api, scene.number, key="status", body="Queued")

    assert limit.value.retry_after == 60.0
    assert read_comments(scene.api, scene.number) == ()


def test_a_write_without_an_answer_has_happened_and_is_found_by_looking(scene: Scene) -> None:
    scene.faults.next_after = True

    found = comment_once(scene.api, scene.number, key="status", body="Queued")
    again = comment_once(scene.api, scene.number, key="status", body="Queued")

    assert not scene.faults.next_after
    assert [one.id for one in read_comments(scene.api, scene.number)] == [found.id]
    assert again.id == found.id


def test_a_stale_answer_is_the_one_before_the_newest_change(scene: Scene) -> None:
    assert read_issue(scene.api, scene.number).labels == ()
    issues.label(scene.hub, scene.repo, scene.mona, scene.number, "agent-ready")

    scene.faults.stale = True
    stale = read_issue(scene.api, scene.number)
    scene.faults.stale = False

    assert stale.label_names == ()
    assert read_issue(scene.api, scene.number).label_names == ("agent-ready",)


def test_a_token_pushes_for_an_hour(scene: Scene) -> None:
    token = scene.github.push_token(scene.ref).value
    remote = Remote(url=scene.github.clone_url(scene.ref), token=token)

    scene.clock.now += timedelta(minutes=59)
    with MemoryCleanClones(scene.hub).open(remote) as clone:
        assert clone.head("main") == scene.repo.branches["main"]
        scene.clock.now += timedelta(minutes=2)
        with pytest.raises(AuthenticationFailed):
            clone.head("main")


def test_two_runs_with_the_same_calls_make_the_same_ids(scene: Scene) -> None:
    other = Scene()

    assert scene.repo.branches == other.repo.branches
    assert [one.id for one in scene.hub.deliveries] == [one.id for one in other.hub.deliveries]
    assert all(UUID(one.id) for one in scene.hub.deliveries)


def test_each_change_sends_a_webhook_that_is_understood(scene: Scene) -> None:
    hub, repo, mona = scene.hub, scene.repo, scene.mona
    branch, base = "feature/issue-1-totals", scene.repo.branches["main"]
    checkout = MemoryCheckout(repo, base, scene.clock)
    checkout.commit({"a.py": "x = 2\n"}, "fix: totals", hub.bot(Role.AUTHOR))
    remote = Remote(
        url=scene.github.clone_url(scene.ref), token=scene.github.push_token(scene.ref).value
    )
    with MemoryCleanClones(hub).open(remote) as clone:
        work = clone.receive(checkout.bundle(branch), branch=branch, start=Start(base_sha=base))
    for commit in checkout.commits:
        repo.graph.add(commit)
    pulls.move_branch(hub, repo, mona, branch, work.head_sha)
    pull = pulls.open_pull(
        hub, repo, mona, head=branch, base="main", title="Totals", body="Closes #1"
    )

    issues.label(hub, repo, mona, 1, "agent-ready")
    issues.comment(hub, repo, mona, 1, "soon")
    reviews.run_ci(hub, repo, pull.head_sha, "test", "success")
    reviews.set_status(hub, repo, mona, pull.head_sha, "lint", "success")
    pulls.merge(hub, repo, mona, pull, pulls.MergeCall(sha=pull.head_sha, method="squash"))

    told = [(one.event, one.action) for one in hub.deliveries]
    assert told == [
        ("issues", "opened"),
        ("push", None),
        ("pull_request", "opened"),
        ("issues", "labeled"),
        ("issue_comment", "created"),
        ("check_run", "completed"),
        ("check_suite", "completed"),
        ("status", None),
        ("pull_request", "closed"),
        ("push", None),
        ("issues", "closed"),
    ]
    kinds = {type(parse_delivery(one.event, one.payload)) for one in hub.deliveries}
    assert {IssueFact, IssueCommentFact, PullRequestFact, HeadFact} < kinds
