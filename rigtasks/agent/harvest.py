"""Take the agent's work out of its checkout; every git command here runs inside the sandbox.

What an agent wrote into `.git` (hooks, filters, configuration) can run programs. It may do so in
there, where it could run them anyway, and never in the rig's own process tree outside.
"""

import re
from datetime import datetime
from pathlib import Path

import msgspec

from rigtasks.agent.assignment import Assignment
from rigtasks.agent.command import Captured, capture
from rigtasks.agent.run_end import run_stopped
from rigtasks.agent.workshop import Workshop
from rigtasks.errors import Permanent

MAX_BUNDLE = 25 * 1024 * 1024
_MAX_LISTING = 4 * 1024 * 1024
_SECONDS = 300.0
_SCRIPTS = Path(__file__).parent / "git_scripts"
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class Author(msgspec.Struct, frozen=True, kw_only=True):
    """The agent's own identity in commits."""

    name: str
    email: str


class HarvestFailed(Permanent):
    """The work could not be taken out of the checkout."""


class CommittedWork(msgspec.Struct, frozen=True, kw_only=True):
    """One commit on top of the run's start.

    Args:
        sha: its id as the sandbox reports it; whoever receives the bundle checks it.
        unresolved: files that still contain conflict marks.
    """

    sha: str
    files_changed: int
    lines_changed: int
    unresolved: tuple[str, ...] = ()


def commit_work(
    workshop: Workshop,
    assignment: Assignment,
    *,
    message: str,
    author: Author,
    when: datetime,
    since: str,
    taken: str = "",
) -> CommittedWork | None:
    """Commit the working tree with a fixed identity; None when nothing was changed.

    Args:
        workshop: where the checkout is.
        assignment: the commit goes on top of its start.
        message: of the commit.
        author: and committer.
        when: the time of both.
        since: the commit that the change is told against; usually the start.
        taken: an earlier commit of the run, whose files are taken instead of the working tree.

    Raises:
        HarvestFailed: git could not make a commit out of what the agent left.
        RunEnds: the run has to stop.
    """
    stamp = when.isoformat()
    identity = {
        "GIT_AUTHOR_NAME": author.name,
        "GIT_AUTHOR_EMAIL": author.email,
        "GIT_AUTHOR_DATE": stamp,
        "GIT_COMMITTER_NAME": author.name,
        "GIT_COMMITTER_EMAIL": author.email,
        "GIT_COMMITTER_DATE": stamp,
    }
    arguments = (*_range(assignment), since, taken)
    done = _git(workshop, "commit.sh", arguments, stdin=message.encode(), env=identity)
    if done.exit.code != 0:
        raise HarvestFailed(f"the work could not be committed: {_last_line(done.errors)}")
    return _read_report(done.data.decode(errors="replace").splitlines())


def bundle_work(workshop: Workshop, assignment: Assignment) -> bytes:
    """Return the run's commits as a git bundle.

    Raises:
        HarvestFailed: the bundle is larger than `MAX_BUNDLE` bytes, or git could not write it.
        RunEnds: the run has to stop.
    """
    done = _git(workshop, "bundle.sh", _range(assignment), max_bytes=MAX_BUNDLE)
    if done.exit.code != 0 or not done.data:
        said = done.exit.halted or _last_line(done.errors)
        raise HarvestFailed(f"the commits could not be bundled: {said}")
    return done.data


def merge_base_branch(workshop: Workshop, assignment: Assignment) -> None:
    """Merge the recorded base into the working tree, leaving conflicts as marks in the files.

    Raises:
        HarvestFailed: git did not merge at all.
        RunEnds: the run has to stop.
    """
    done = _git(workshop, "merge.sh", (assignment.base_sha,))
    if done.exit.code not in {0, 1}:
        raise HarvestFailed(f"the base could not be merged: {_last_line(done.errors)}")


def _range(assignment: Assignment) -> tuple[str, str, str]:
    other = assignment.base_sha if assignment.merging else ""
    return (assignment.head_sha, assignment.branch, other)


def _git(
    workshop: Workshop,
    script: str,
    arguments: tuple[str, ...],
    *,
    stdin: bytes = b"",
    env: dict[str, str] | None = None,
    max_bytes: int = _MAX_LISTING,
) -> Captured:
    done = capture(
        ("/bin/sh", "-c", (_SCRIPTS / script).read_text(), script, *arguments),
        stdin=stdin,
        spec=workshop.spec(env=env),
        sandbox=workshop.sandbox,
        seconds=_SECONDS,
        max_bytes=max_bytes,
        stop=workshop.stop,
    )
    if done.stopped:
        raise run_stopped()
    return done


def _read_report(lines: list[str]) -> CommittedWork | None:
    if lines == ["empty"]:
        return None
    words = [line.partition(" ") for line in lines]
    shas = [rest for kind, _, rest in words if kind == "commit"]
    if len(shas) != 1 or not _SHA.fullmatch(shas[0]):
        raise HarvestFailed("the commit script did not report one commit")
    changes = [rest.split("\t", 2) for kind, _, rest in words if kind == "changed"]
    return CommittedWork(
        sha=shas[0],
        files_changed=len(changes),
        lines_changed=sum(int(n) for change in changes for n in change[:2] if n.isdecimal()),
        unresolved=tuple(rest for kind, _, rest in words if kind == "unresolved"),
    )


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "git said nothing"
