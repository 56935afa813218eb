"""The deterministic policy on a change before it is pushed.

Denials stop the push; human gates let it go up and keep it from merging until a person has
looked. Every reason says what to do. A credential's value is never part of one.
"""

import re
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from rigtasks.review.diff import SUBMODULE, SYMLINK, Diff, FileDiff, FileStatus
from rigtasks.review.globs import first_match
from rigtasks.review.protected import leaves_tree, path_problem, protection
from rigtasks.review.secrets import find_secrets
from rigtasks.review.sensitive import sensitive_hits
from rigtasks.review.tamper import find_tampering

_SKIP_CI = re.compile(
    r"\[\s*(?:skip[ -](?:ci|actions|checks?)|(?:ci|actions)[ -]skip|no[ -]ci)\s*\]"
    r"|^\s*skip-checks\s*:\s*true\b|\*{3}NO_CI\*{3}",
    re.IGNORECASE | re.MULTILINE,
)
_LFS_POINTER = "version https://git-lfs.github.com/spec/"
_LOCKFILES = {
    "package-lock.json": "package.json",
    "npm-shrinkwrap.json": "package.json",
    "yarn.lock": "package.json",
    "pnpm-lock.yaml": "package.json",
    "bun.lock": "package.json",
    "poetry.lock": "pyproject.toml",
    "uv.lock": "pyproject.toml",
    "Pipfile.lock": "Pipfile",
    "packages.lock.json": ".csproj",
    "Package.resolved": "Package.swift",
    "Gemfile.lock": "Gemfile",
    "Cargo.lock": "Cargo.toml",
}
_INSTALL_SCRIPT = re.compile(r"\"(?:(?:pre|post)?install|prepare|prepack|prepublish\w*)\"\s*:")
_MANIFEST = re.compile(
    r"(?:^|/)(?:(?:requirements|constraints)[^/]*\.(?:txt|in)|pyproject\.toml|setup\.(?:cfg|py)"
    r"|Pipfile|package\.json|Gemfile|Cargo\.toml)$|(?:^|/)requirements/[^/]+$"
)
_PACKAGE_SOURCE = re.compile(
    r"(?:^|\s|\")--?(?:i|f|index-url|extra-index-url|find-links|trusted-host)[\s=]"
    r"|^\s*\[\[(?:source|tool\.(?:uv\.index|(?:poetry|pdm)\.source))\]\]"
    r"|\"registry\"\s*:|\bgit\+\w+:|@\s*https?:"
)


class Denial(StrEnum):
    """Why a push is refused."""

    EMPTY = "empty"
    TRUNCATED = "truncated"
    PROTECTED_PATH = "protected-path"
    DENIED_PATH = "denied-path"
    STRANGE_PATH = "strange-path"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"
    BINARY = "binary"
    LARGE_FILE = "large-file"
    SECRET = "secret"  # noqa: S105 - the name of a reason
    SKIPS_CI = "skips-ci"
    TOO_LARGE = "too-large"


class GateKind(StrEnum):
    """Why a person has to look."""

    TESTS = "tests"
    SENSITIVE = "sensitive"
    DEPENDENCIES = "dependencies"
    DELETION = "deletion"


class DenialReason(msgspec.Struct, frozen=True, kw_only=True):
    """One reason to refuse a push; `summary` says what is wrong, `remedy` what to do."""

    kind: Denial
    summary: str
    remedy: str
    path: str | None = None
    line: int | None = None


class GateReason(msgspec.Struct, frozen=True, kw_only=True):
    """One reason for a person to look; `rule` is the exact mark or pattern that matched."""

    kind: GateKind
    rule: str
    path: str
    summary: str


class ChangeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The measured change."""

    files: int
    lines: int
    deleted_files: int
    paths: tuple[str, ...]


class CommitMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One commit of the range."""

    sha: str
    message: str


class DiffBounds(msgspec.Struct, frozen=True, kw_only=True):
    """What this repository allows; its own globs only add to the built-in lists."""

    max_files: int = 20
    max_lines: int = 500
    large_pr_ok: bool = False
    max_file_bytes: int = 500_000
    max_line_length: int = 10_000
    max_deleted_files: int = 10
    deny: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()


class PolicyReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the policy says about one change."""

    denials: tuple[DenialReason, ...]
    human_gates: tuple[GateReason, ...]
    facts: ChangeFacts

    @property
    def may_push(self) -> bool:
        """Say whether the change may leave for GitHub."""
        return not self.denials


def inspect(
    diff: Diff, commits: tuple[CommitMessage, ...], bounds: DiffBounds | None = None
) -> PolicyReport:
    """Judge a change and the messages of its commits.

    Args:
        diff: the whole change against its base.
        commits: the commits that would be pushed.
        bounds: the limits; the defaults where None.
    """
    bounds = bounds or DiffBounds()
    denials = [*_whole(diff, bounds), *_messages(commits)]
    for one in diff.files:
        denials += [*_path(one, bounds), *_content(one, bounds)]
    return PolicyReport(
        denials=tuple(denials),
        human_gates=human_gates(diff, bounds),
        facts=ChangeFacts(
            files=len(diff.files),
            lines=diff.changed_lines,
            deleted_files=_deleted(diff),
            paths=diff.paths,
        ),
    )


def human_gates(diff: Diff, bounds: DiffBounds) -> tuple[GateReason, ...]:
    """Return why a person has to look at this change, whoever made it."""
    gates = [
        GateReason(kind=GateKind.TESTS, rule=hit.kind.value, path=hit.path, summary=hit.summary)
        for hit in find_tampering(diff)
    ]
    gates += [
        GateReason(kind=GateKind.SENSITIVE, rule=hit.rule, path=hit.path, summary=hit.summary)
        for hit in sensitive_hits(diff.paths, bounds.sensitive)
    ]
    gates += _dependencies(diff)
    gates += _package_sources(diff)
    if _deleted(diff) > bounds.max_deleted_files:
        first = next(one.path for one in diff.files if one.status is FileStatus.DELETED)
        summary = f"{_deleted(diff)} files are deleted"
        gates.append(
            GateReason(kind=GateKind.DELETION, rule="mass-deletion", path=first, summary=summary)
        )
    return tuple(gates)


def _whole(diff: Diff, bounds: DiffBounds) -> Iterator[DenialReason]:
    if diff.truncated:
        yield DenialReason(
            kind=Denial.TRUNCATED,
            summary="only a part of the change could be read",
            remedy="Split it into smaller pull requests.",
        )
    if not diff.files:
        yield DenialReason(
            kind=Denial.EMPTY,
            summary="nothing is changed",
            remedy="Commit the change that the issue asks for.",
        )
    if (
        len(diff.files) > bounds.max_files or diff.changed_lines > bounds.max_lines
    ) and not bounds.large_pr_ok:
        yield DenialReason(
            kind=Denial.TOO_LARGE,
            summary=(
                f"{len(diff.files)} files and {diff.changed_lines} lines, allowed are "
                f"{bounds.max_files} and {bounds.max_lines}"
            ),
            remedy="Split the change, or ask a person to set the label large-pr-ok.",
        )


def _messages(commits: tuple[CommitMessage, ...]) -> Iterator[DenialReason]:
    for commit in commits:
        name = f"the message of commit {commit.sha[:12]}"
        if _SKIP_CI.search(commit.message):
            yield DenialReason(
                kind=Denial.SKIPS_CI,
                summary=f"{name} asks CI not to run",
                remedy="Write the message without it.",
            )
        for hit in find_secrets(commit.message, by_entropy=False):
            yield DenialReason(
                kind=Denial.SECRET,
                summary=f"{name} holds a credential ({hit.kind})",
                remedy="Write the message without it and have the credential revoked.",
            )


def _path(one: FileDiff, bounds: DiffBounds) -> Iterator[DenialReason]:
    """Judge both names of a file, what kind of entry it is and where it points."""
    for path in dict.fromkeys((one.old_path, one.path)):
        problem = path_problem(path)
        if problem:
            yield DenialReason(
                kind=Denial.STRANGE_PATH,
                summary=f"a path is not acceptable: {problem}",
                remedy="Give the file a plain name.",
                path=path,
            )
        guarded = protection(path)
        if guarded:
            yield DenialReason(
                kind=Denial.PROTECTED_PATH,
                summary=f"{path} is protected: {guarded[1]} ({guarded[0]})",
                remedy="Leave it as it is; say in the summary what a person should change there.",
                path=path,
            )
        pattern = first_match(path, bounds.deny)
        if pattern:
            yield DenialReason(
                kind=Denial.DENIED_PATH,
                summary=f"{path} is denied by this repository ({pattern})",
                remedy="Solve the issue without touching it, or say why that is not possible.",
                path=path,
            )
    if SUBMODULE in (one.old_mode, one.new_mode):
        yield DenialReason(
            kind=Denial.SUBMODULE,
            summary=f"{one.path} is a submodule",
            remedy="Leave submodules to a person.",
            path=one.path,
        )


def _content(one: FileDiff, bounds: DiffBounds) -> Iterator[DenialReason]:
    if one.status is FileStatus.DELETED:
        return
    added = "\n".join(line.text for line in one.added)
    if one.new_mode == SYMLINK and leaves_tree(one.path, added):
        yield DenialReason(
            kind=Denial.SYMLINK,
            summary=f"{one.path} is a link to a place outside the repository",
            remedy="Link within the repository, or copy the file.",
            path=one.path,
        )
    if one.binary or added.startswith(_LFS_POINTER):
        yield DenialReason(
            kind=Denial.BINARY,
            summary=f"{one.path} is not text",
            remedy="Leave binary files to a person.",
            path=one.path,
        )
    longest = max((len(line.text) for line in one.added), default=0)
    if len(added.encode()) > bounds.max_file_bytes or longest > bounds.max_line_length:
        yield DenialReason(
            kind=Denial.LARGE_FILE,
            summary=f"{one.path} adds more than can be inspected",
            remedy="Leave out generated and minified files.",
            path=one.path,
        )
        return
    yield from _secrets(one, added)


def _secrets(one: FileDiff, added: str) -> Iterator[DenialReason]:
    lock = one.path.rsplit("/", 1)[-1] in _LOCKFILES
    numbers = [line.new_number for line in one.added]
    for hit in find_secrets(added, by_entropy=not lock):
        line = numbers[hit.line - 1]
        yield DenialReason(
            kind=Denial.SECRET,
            summary=f"{one.path}:{line} holds a credential ({hit.kind})",
            remedy="Read it from the environment, and have it revoked if it was real.",
            path=one.path,
            line=line,
        )


def _dependencies(diff: Diff) -> Iterator[GateReason]:
    """Report lock files that change alone and scripts that run on installation."""
    names = [path.rsplit("/", 1)[-1] for path in diff.paths]
    for one in diff.files:
        manifest = _LOCKFILES.get(one.path.rsplit("/", 1)[-1])
        if manifest and not any(name.endswith(manifest) for name in names):
            yield GateReason(
                kind=GateKind.DEPENDENCIES,
                rule="lock-file-alone",
                path=one.path,
                summary=f"{one.path} changes although {manifest} does not",
            )
        if one.path.endswith("package.json"):
            for line in one.added:
                if _INSTALL_SCRIPT.search(line.text):
                    yield GateReason(
                        kind=GateKind.DEPENDENCIES,
                        rule="install-script",
                        path=one.path,
                        summary=f"{one.path}:{line.new_number} runs a script on installation",
                    )


def _package_sources(diff: Diff) -> Iterator[GateReason]:
    """Report manifests that take packages from another place than before."""
    for one in diff.files:
        if not _MANIFEST.search(one.path):
            continue
        for line in one.added:
            if _PACKAGE_SOURCE.search(line.text):
                yield GateReason(
                    kind=GateKind.DEPENDENCIES,
                    rule="package-source",
                    path=one.path,
                    summary=f"{one.path}:{line.new_number} says where packages come from",
                )


def _deleted(diff: Diff) -> int:
    return sum(one.status is FileStatus.DELETED for one in diff.files)
