"""The whole promise: two labelled issues become merged pull requests, and somebody checked."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest

from rigtasks.cli.start import remove_data
from rigtasks.eventstore.connection import Connection, DatabaseUnavailable
from rigtasks.eventstore.store import PostgresEventStore, Writes
from rigtasks.lifecycle.envelope import Actor, ActorKind, NewEvent, StoredEvent
from rigtasks.lifecycle.events import EVENT_TYPES, liveness
from rigtasks.local.demo.event_feed import FEED_NAME, EventFeed
from rigtasks.local.demo.samples import read_samples
from rigtasks.local.demo.seed import FiledIssue, file_issue, maintainer
from rigtasks.local.demo.story import PATIENCE_SECONDS, run
from rigtasks.local.demo.verification import problems_of_merge
from rigtasks.local.github.hub import Options
from rigtasks.local.github.seeding import Seeder
from rigtasks.local.github.server import SandboxGitHub
from rigtasks.local.memory import stack_processes
from rigtasks.local.problems import Interrupted
from rigtasks.local.processes import ProcessSpec
from rigtasks.local.records import is_alive
from rigtasks.local.stack import LocalStack, StackOptions
from rigtasks.local.table import github
from rigtasks.testing.judged_github import JudgedGitHub
from rigtasks.testing.real_git import real_git

START_SECONDS = 90.0
STRANGE_SHA = "a" * 40
Issue = dict[str, Any]


class Demo:
    """One `rig demo --json` in a process of its own, watched until it ends."""

    def __init__(self, folder: Path) -> None:
        home = folder / "home"
        home.mkdir()
        self.data_dir = folder / "data"
        self.seen: dict[int, psutil.Process] = {}
        self.errors = folder / "story.txt"
        started = time.monotonic()
        with self.errors.open("w") as errors:
            self._child = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "rigtasks.cli",
                    "demo",
                    "--json",
                    "--data-dir",
                    str(self.data_dir),
                ],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={"PATH": os.environ["PATH"], "HOME": str(home)},
            )
        self.output = self._watch(started + START_SECONDS + PATIENCE_SECONDS)
        self.seconds = time.monotonic() - started
        self.code = self._child.returncode

    def _watch(self, deadline: float) -> str:
        """Remember every process of the stack, and return what came on standard output."""
        while self._child.poll() is None:
            if time.monotonic() > deadline:
                self._child.terminate()
            for _, process in stack_processes(self.data_dir):
                self.seen[process.pid] = process
            time.sleep(0.2)
        assert self._child.stdout is not None
        with self._child.stdout as pipe:
            return pipe.read()

    @property
    def story(self) -> str:
        return self.errors.read_text()

    @property
    def report(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.output.splitlines()[-1])
        return loaded


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    finished = Demo(folder)
    yield finished
    if finished.data_dir.exists():
        remove_data(finished.data_dir)


@pytest.mark.timeout(START_SECONDS + PATIENCE_SECONDS + 60)
def test_both_issues_are_merged_and_git_agrees(
    demo: Demo, capsys: pytest.CaptureFixture[str]
) -> None:
    assert demo.code == 0, demo.story
    issues: list[Issue] = demo.report["issues"]

    with capsys.disabled():
        told = ", ".join(f"{issue['ref']} {issue['seconds']:.1f} s" for issue in issues)
        sys.stdout.write(f"\nrig demo took {demo.seconds:.1f} s with its stack ({told})\n")
    assert demo.report["ok"] is True
    assert sorted(issue["ref"] for issue in issues) == ["demo/node-slugs#1", "demo/python-rooms#1"]
    for issue in issues:
        assert issue["state"] == "done"
        assert issue["verified"] is True
        assert issue["pr"]
        assert len(issue["merge_sha"]) == 40
        assert 0 < issue["seconds"] < PATIENCE_SECONDS


def test_the_sandboxs_own_repositories_have_the_merges(demo: Demo) -> None:
    for issue in demo.report["issues"]:
        name = issue["ref"].partition("#")[0]
        log = _subjects_on_main(demo.data_dir, issue["merge_sha"])

        assert log, f"{name}: no bare repository has {issue['merge_sha']} on main"
        assert f"(#{issue['pr']})" in log[0]


def test_nothing_but_standard_json_is_on_standard_output(demo: Demo) -> None:
    assert len(demo.output.splitlines()) == 1
    for word in ("routed to", "claimed by", "merged as", "issue closed"):
        assert demo.story.count(word) >= 2, word


def test_both_loops_were_seen(demo: Demo) -> None:
    issues: list[Issue] = demo.report["issues"]

    failed = [issue for issue in issues if issue["test_loops"]]
    disputed = [issue for issue in issues if "REVIEW_DISPUTED" in issue["events"]]

    assert failed
    assert disputed
    assert failed != disputed
    for issue in disputed:
        events = issue["events"]
        assert issue["review_loops"] == events.count("REVIEW_DISPUTED")
        assert events.index("REVIEW_DISPUTED") < events.index("PR_UPDATED")
        assert events.index("PR_UPDATED") < events.index("REVIEW_PASSED") < events.index("MERGED")


def test_every_issue_went_the_whole_way_once(demo: Demo) -> None:
    for issue in demo.report["issues"]:
        events = issue["events"]

        assert set(events) <= set(EVENT_TYPES)
        for name in ("ISSUE_APPROVED", "PR_CREATED", "MERGED", "ISSUE_DONE"):
            assert events.count(name) == 1, name
        claims = events.count("ISSUE_ASSIGNED") + events.count("REVIEW_ASSIGNED")
        assert issue["runs"] == claims
        for name in ("RUN_LOST", "RUN_FAILED", "LEASE_EXPIRED", "ESCALATED", "ISSUE_FAILED"):
            assert name not in events


def test_nothing_is_left_running(demo: Demo) -> None:
    assert len(demo.seen) >= 8
    assert [process for process in demo.seen.values() if is_alive(process)] == []
    assert stack_processes(demo.data_dir) == []


def _subjects_on_main(data_dir: Path, sha: str) -> list[str]:
    """Return the subjects on main from this commit on, in the one repository that has it."""
    for head in (data_dir / "github").rglob("HEAD"):
        git = ["git", "--git-dir", str(head.parent), "-c", "safe.directory=*"]
        found = subprocess.run(
            [*git, "merge-base", "--is-ancestor", sha, "refs/heads/main"],
            check=False,
            capture_output=True,
        )
        if found.returncode == 0:
            log = subprocess.run(
                [*git, "log", "--format=%s%n%b", f"{sha}^..{sha}"],
                check=True,
                capture_output=True,
                text=True,
            )
            return log.stdout.splitlines()
    return []


# --- what the story does when things are not as promised -----------------------------------------


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxGitHub]:
    with JudgedGitHub(Options(data_dir=tmp_path / "github", run_ci=False)) as running:
        yield running


@pytest.fixture
def seeder(sandbox: SandboxGitHub) -> Iterator[Seeder]:
    with Seeder(sandbox.url, sandbox.admin_token) as client:
        yield client


@pytest.fixture
def issue(seeder: Seeder) -> FiledIssue:
    return file_issue(seeder, maintainer(seeder), read_samples()[0])


def _change(issue: FiledIssue, folder: Path) -> int:
    """Change a file on a branch and open a pull request that closes the issue."""
    ada = {"name": "ada", "email": "ada@example.invalid", "token": issue.person.token}
    for command in (
        ["clone", "--quiet", issue.person.clone_url(issue.repo), "."],
        ["switch", "--quiet", "--create", "fix"],
        ["commit", "--quiet", "--allow-empty", "-m", "Look at it"],
    ):
        real_git(folder, *command, **ada).check_returncode()
    (folder / "README.md").write_text("Fixed.\n")
    for command in (
        ["commit", "--quiet", "--all", "-m", "Fix it"],
        ["push", "--quiet", "origin", "fix"],
    ):
        real_git(folder, *command, **ada).check_returncode()
    pull = issue.person.create_pull(
        issue.repo, head="fix", base="main", title="Fix it", body=f"Closes #{issue.number}"
    )
    return int(pull["number"])


def test_a_merge_is_believed_only_when_git_and_github_show_it(
    seeder: Seeder, issue: FiledIssue, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    clone.mkdir()
    pr = _change(issue, clone)
    on_branch = issue.person.call("GET", f"/repos/{issue.repo}/git/ref/heads/fix")["object"]["sha"]

    claimed = problems_of_merge(issue, pr, on_branch)

    assert claimed == (
        "the issue is still open on GitHub",
        f"GitHub shows PR #{pr} as not merged",
        f"git does not find {on_branch} on main",
    )

    seeder.protect(issue.repo)
    merge_sha = str(issue.person.merge(issue.repo, pr, merge_method="squash")["sha"])

    assert problems_of_merge(issue, pr, merge_sha) == ()
    assert problems_of_merge(issue, pr, STRANGE_SHA) == (
        f"GitHub merged another commit: {merge_sha}",
        f"git does not find {STRANGE_SHA} on main",
    )


def test_a_second_demo_on_the_same_data_gets_repositories_of_its_own(seeder: Seeder) -> None:
    person = maintainer(seeder)
    sample = read_samples()[0]

    first, second, third = (file_issue(seeder, person, sample) for _ in range(3))

    assert [first.repo, second.repo, third.repo] == [
        f"demo/{sample.name}",
        f"demo/{sample.name}-2",
        f"demo/{sample.name}-3",
    ]
    assert len({first.repo_id, second.repo_id, third.repo_id}) == 3


def _github_only(*, data_dir: Path, ports: dict[str, int], **_: object) -> tuple[ProcessSpec, ...]:
    return (github(data_dir / "github", ports),)


@pytest.fixture
def idle_stack(tmp_path: Path) -> Iterator[LocalStack]:
    """A stack in which nobody listens to GitHub."""
    data_dir = tmp_path / "idle"
    with LocalStack(StackOptions(data_dir=data_dir), table=_github_only) as stack:
        yield stack
    remove_data(data_dir)


def test_a_story_that_does_not_go_on_ends_with_where_everything_stands(
    idle_stack: LocalStack, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(idle_stack, json_output=True, keep=False, patience_seconds=0.5)

    said = capsys.readouterr()
    report = json.loads(said.out)
    assert code == 1
    assert report["ok"] is False
    assert [issue["state"] for issue in report["issues"]] == ["unnoticed", "unnoticed"]
    assert "did not end within 0.5 s" in said.err
    assert said.err.count("has not taken notice") == 4
    assert str(idle_stack.logs) in said.err
    assert "issue closed" not in said.err


def test_a_story_can_be_stopped(idle_stack: LocalStack, capsys: pytest.CaptureFixture[str]) -> None:
    idle_stack.ask_stop()

    with pytest.raises(Interrupted):
        run(idle_stack, json_output=True, keep=False)

    assert capsys.readouterr().out == ""


def _note(store: PostgresEventStore, text: str) -> None:
    event = liveness.OperatorPaused(scope="rig", reason=text, by="ada")
    new = NewEvent(
        event_id=uuid4(),
        event=event,
        actor=Actor(kind=ActorKind.OPERATOR, id="ada"),
        correlation_id=uuid4(),
    )
    store.append(store.load("rig"), Writes(events=(new,)))


def _reasons(events: tuple[StoredEvent, ...]) -> list[str]:
    return [each.event.reason for each in events if isinstance(each.event, liveness.OperatorPaused)]


def test_events_are_read_once_also_when_the_database_goes_away(database_url: str) -> None:
    with (
        closing(Connection(database_url, application_name="test")) as connection,
        closing(EventFeed(database_url)) as feed,
    ):
        store = PostgresEventStore(connection)
        _note(store, "before the story")
        began_at = feed.skip_to_end()
        _note(store, "first")

        first = feed.next_events()

        assert _reasons(first) == ["first"]
        assert first[0].recorded_at >= began_at
        assert feed.next_events() == ()

        _note(store, "second")
        connection.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
            (FEED_NAME,),
        )
        with pytest.raises(DatabaseUnavailable):
            feed.next_events()

        assert _reasons(feed.next_events()) == ["second"]
