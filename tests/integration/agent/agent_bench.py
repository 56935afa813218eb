"""Real git repositories, real sandboxes, and agents that are small Python programs."""

import shutil
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec

from rigtasks.agent.assignment import Assignment, Commands, Role, RunLimits
from rigtasks.agent.characters import load_character
from rigtasks.agent.harvest import Author
from rigtasks.agent.outcome import RunOutcome
from rigtasks.agent.providers.scripted import ScriptedProvider
from rigtasks.agent.runtime import Runtime
from rigtasks.agent.sandbox import Bounds, Level, find_toolchain
from rigtasks.agent.walls import Walls
from rigtasks.agent.workshop import Workshop

DEMO = Path(__file__).parents[3] / "rigtasks" / "local" / "demo" / "repositories"
#: The bounds of the settings' defaults.
BOUNDS = Bounds(memory_bytes=4096 << 20, processes=1024)
BRANCH = "feature/issue-3-demo"
FILES = {"answer.txt": "41\n", "check.sh": 'test "$(cat answer.txt)" = 42\n'}
TEST = Commands(test="sh check.sh")
RIGHT = 'pathlib.Path("answer.txt").write_text("42\\n"); done()'


def git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(
        ("git", "-c", "user.name=t", "-c", "user.email=t@localhost", *arguments),
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.removesuffix("\n")


class Bench:
    """A repository with one commit, and everything to run agents on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository = folder / "checkout"
        self.stopped = False
        (folder / "home").mkdir()

    def fill(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.repository / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self._begin()

    def fill_from_demo(self, name: str, *, changes: Iterable[tuple[str, str, str]] = ()) -> None:
        shutil.copytree(DEMO / name, self.repository)
        for path, old, new in changes:
            text = (self.repository / path).read_text()
            assert text.count(old) == 1, f"{old!r} must stand once in {path}"
            (self.repository / path).write_text(text.replace(old, new))
        self._begin()

    def _begin(self) -> None:
        git(self.repository, "init", "-q", "-b", "main")
        git(self.repository, "add", "-A")
        git(self.repository, "commit", "-q", "-m", "start")
        git(self.repository, "checkout", "-q", "-b", BRANCH)
        self.start = git(self.repository, "rev-parse", "HEAD")

    def assignment(self, **changes: Any) -> Assignment:
        fields: dict[str, Any] = {
            "run_id": uuid4(),
            "ref": "demo/repository#3",
            "issue_number": 3,
            "role": Role.IMPLEMENT,
            "title": "A bug",
            "body": "It does not work.",
            "base_branch": "main",
            "base_sha": self.start,
            "branch": BRANCH,
            "head_sha": self.start,
            "commands": Commands(test="true"),
            "limits": RunLimits(max_seconds=60),
        }
        return Assignment(**(fields | changes))

    def demo_issue(self, name: str) -> dict[str, str]:
        title, _, body = (DEMO / f"{name}.issue.md").read_text().partition("\n")
        return {"title": title.removeprefix("# "), "body": body.strip()}

    def runtime(self, **changes: Any) -> Runtime:
        fields: dict[str, Any] = {
            "provider": ScriptedProvider(),
            "character": load_character("dev-e"),
            "workshop": Workshop(
                checkout=self.repository,
                scratch=self.folder / "home",
                sandbox=Walls(level=Level.BUBBLEWRAP),
                tools=find_toolchain(),
                bounds=BOUNDS,
                mark=uuid4().hex,
                stop=lambda: self.stopped,
            ),
            "author": Author(name="dev-e[bot]", email="dev-e@localhost"),
            "now": lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            "transcript_path": self.folder / "transcript.ndjson",
        }
        return Runtime(**(fields | changes))

    def without_walls(self, runtime: Runtime) -> Runtime:
        workshop = msgspec.structs.replace(runtime.workshop, sandbox=Walls(level=Level.NONE))
        return msgspec.structs.replace(runtime, workshop=workshop)

    def agent(self, program: str) -> ScriptedProvider:
        """Make an agent out of a Python program that prints neutral events."""
        path = self.folder / "agent.py"
        path.write_text(PREAMBLE + program)
        return ScriptedProvider(program=path)


PREAMBLE = """
import json, os, pathlib, subprocess, sys, time
def event(**fields):
    print(json.dumps(fields), flush=True)
def done(**fields):
    event(type="finished", ok=True, **fields)
prompt = sys.stdin.read()
"""


def unpack(bench: Bench, outcome: RunOutcome) -> Path:
    """Apply a run's bundle to a clean clone, as its receiver does."""
    assert outcome.bundle is not None
    clone = bench.folder / "clone"
    git(bench.folder, "clone", "-q", "--no-hardlinks", "-b", "main", "checkout", "clone")
    (bench.folder / "work.bundle").write_bytes(outcome.bundle)
    git(clone, "fetch", "-q", "../work.bundle", f"+refs/heads/{BRANCH}:refs/heads/work")
    assert git(clone, "rev-parse", "work") == outcome.head_sha
    return clone
