"""Whole implementing runs of hostile agents: what they hand over, and what they cannot reach."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from agent_bench import FILES, RIGHT, TEST, Bench, git, unpack

from rigtasks.agent.assignment import Commands
from rigtasks.agent.loop import implement
from rigtasks.lifecycle.failure import FailureClass

HOSTILE = """
git = lambda *a: subprocess.run(["git", *a], check=True, capture_output=True)
hook = pathlib.Path(".git/hooks/pre-commit"); hook.parent.mkdir(exist_ok=True)
for name in ("pre-commit", "post-commit", "post-index-change", "reference-transaction"):
    path = hook.with_name(name); path.write_text("#!/bin/sh\\ntouch hooked\\n"); path.chmod(0o755)
git("config", "core.fsmonitor", "touch monitored; false")
git("config", "core.hooksPath", ".git/hooks")
git("config", "commit.gpgSign", "true")
git("config", "gpg.program", "/bin/false")
git("config", "user.name", "Somebody Else")
git("config", "core.bare", "true")
pathlib.Path("answer.txt").write_text("42\\n")
pathlib.Path(".git/index.lock").touch()
pathlib.Path(".git/HEAD").write_text("0" * 40)
done()
"""


def test_a_hostile_git_directory_changes_nothing_about_the_commit(bench: Bench) -> None:
    bench.fill(FILES)

    outcome = implement(
        bench.assignment(commands=TEST), bench.runtime(provider=bench.agent(HOSTILE))
    )

    assert outcome.success, outcome.reason
    git_dir = bench.repository / ".git"
    (git_dir / "config").write_text("[core]\n")
    clone = unpack(bench, outcome)
    assert git(clone, "log", "--format=%an|%cn", "main..work") == "dev-e[bot]|dev-e[bot]"
    assert git(clone, "diff", "--name-only", "main", "work") == "answer.txt"
    assert not (bench.repository / "hooked").exists()
    assert not (bench.repository / "monitored").exists()


def test_commits_of_the_agent_itself_are_replaced_by_the_rigs_own(bench: Bench) -> None:
    bench.fill(FILES)
    agent = bench.agent(
        'pathlib.Path("answer.txt").write_text("42\\n")\n'
        'subprocess.run(["git", "-c", "user.name=Ada", "-c", "user.email=a@b", "commit", "-qam",'
        ' "x [skip ci]"], check=True)\n'
        'subprocess.run(["git", "checkout", "-q", "--detach"]); done()'
    )

    outcome = implement(bench.assignment(commands=TEST), bench.runtime(provider=agent))

    assert outcome.success, outcome.reason
    log = git(unpack(bench, outcome), "log", "--format=%an|%s", "main..work")
    assert log == "dev-e[bot]|fix: A bug"


def test_rewritten_history_hands_over_only_what_grows_from_the_start(bench: Bench) -> None:
    bench.fill(FILES)
    agent = bench.agent(
        'pathlib.Path("answer.txt").write_text("42\\n")\n'
        'subprocess.run(["git", "checkout", "-q", "--orphan", "other"], check=True); done()'
    )

    outcome = implement(bench.assignment(commands=TEST), bench.runtime(provider=agent))

    assert outcome.success, outcome.reason
    clone = unpack(bench, outcome)
    assert git(clone, "rev-parse", "work~1") == bench.start


def test_a_checkout_without_git_fails_the_run_and_not_the_worker(bench: Bench) -> None:
    bench.fill(FILES)
    agent = bench.agent("import shutil; shutil.rmtree('.git'); " + RIGHT)

    outcome = implement(bench.assignment(commands=TEST), bench.runtime(provider=agent))

    assert outcome.failure is FailureClass.WORK
    assert "could not be committed" in outcome.reason
    assert outcome.bundle is None


def test_work_that_is_too_large_is_not_handed_over(bench: Bench) -> None:
    bench.fill(FILES)
    agent = bench.agent('pathlib.Path("big").write_bytes(os.urandom(27_000_000)); ' + RIGHT)

    outcome = implement(bench.assignment(commands=TEST), bench.runtime(provider=agent))

    assert not outcome.success
    assert outcome.failure is FailureClass.WORK
    assert "too large" in outcome.reason
    assert outcome.head_sha is None


def test_left_over_caches_are_not_committed(bench: Bench) -> None:
    bench.fill(FILES)
    agent = bench.agent(
        "for name in ('__pycache__/a.pyc', 'node_modules/x/y.js', '.pytest_cache/v'):\n"
        "    path = pathlib.Path(name); path.parent.mkdir(parents=True); path.touch()\n" + RIGHT
    )

    outcome = implement(bench.assignment(commands=TEST), bench.runtime(provider=agent))

    assert outcome.files_changed == 1


def test_nothing_of_the_host_reaches_the_agent(bench: Bench, monkeypatch: Any) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_secret")
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    bench.fill(FILES)
    agent = bench.agent(
        'pathlib.Path("seen").write_text(repr(dict(os.environ)) + repr(os.listdir("/")))\n' + RIGHT
    )

    outcome = implement(bench.assignment(commands=TEST), bench.runtime(provider=agent))

    assert outcome.success, outcome.reason
    seen = (bench.repository / "seen").read_text()
    assert "secret" not in seen
    assert str(Path.home()) not in seen.replace(sys.prefix, "")


@pytest.mark.parametrize("name", ["setup", "build", "test"])
def test_a_command_of_the_repository_is_any_shell_and_runs_within_the_walls(
    name: str, bench: Bench, monkeypatch: Any
) -> None:
    """What `.rig-agent.yaml` says is never run by the supervisor."""
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_secret")
    outside = bench.folder / "outside"
    outside.write_text("untouched")
    hostile = f'echo gone > {outside}; test -z "$GITHUB_TOKEN" && ! test -e {Path.home()}/.ssh'
    commands = {"test": "sh check.sh"} | {name: hostile}
    bench.fill(FILES)

    outcome = implement(
        bench.assignment(commands=Commands(**commands)), bench.runtime(provider=bench.agent(RIGHT))
    )

    assert outcome.success, outcome.reason
    assert outside.read_text() == "untouched"


def test_the_same_run_without_walls_gives_the_same_commit(bench: Bench) -> None:
    bench.fill(FILES)
    runtime = bench.without_walls(bench.runtime(provider=bench.agent(RIGHT)))

    outcome = implement(bench.assignment(commands=TEST), runtime)

    assert outcome.success, outcome.reason
    assert subprocess.run(("git", "bundle", "list-heads", "-"), input=outcome.bundle, check=False)
    assert git(unpack(bench, outcome), "diff", "--name-only", "main", "work") == "answer.txt"
