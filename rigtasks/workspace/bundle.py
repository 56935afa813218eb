"""Take the commits of an agent into a clean clone, after checking everything about them."""

from typing import Final

import msgspec

from rigtasks.workspace.bundle_format import Bundle, parse_bundle
from rigtasks.workspace.checkout import Start
from rigtasks.workspace.errors import BundleRefused, GitTimeout
from rigtasks.workspace.git import Git
from rigtasks.workspace.inspection import changed_paths, commits_between, diff_text
from rigtasks.workspace.work import ReceivedWork

INCOMING_REF: Final = "refs/rig/incoming"
_MEBIBYTE: Final = 1024 * 1024
_UNPACK_TIMEOUT: Final = 60.0
#: A pack can hold deltas that unfold to any size; git has to build each object to check it.
_MOST_MEMORY: Final = 1024 * _MEBIBYTE
_FRUGAL: Final = {
    "core.bigFileThreshold": "8m",
    "core.packedGitWindowSize": "16m",
    "core.packedGitLimit": "128m",
}


class BundleLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much an agent may hand over.

    Args:
        bytes: size of the bundle.
        unpacked_bytes: size of everything inside, unpacked; a small pack can unfold enormously.
        diff_bytes: size of the diff text before it is cut.
    """

    bytes: int = 25 * _MEBIBYTE
    unpacked_bytes: int = 200 * _MEBIBYTE
    commits: int = 200
    paths: int = 3_000
    diff_bytes: int = 2 * _MEBIBYTE


def receive_bundle(
    clone: Git, data: bytes, *, branch: str, start: Start, limits: BundleLimits | None = None
) -> ReceivedWork:
    """Check a bundle and unpack it into a clean bare clone.

    Objects are verified while they are received; the bundle must hold this branch alone and its
    head must descend from the commit the run started from. Nothing of it is checked out or run.

    Args:
        clone: made by `clean_clone` for this bundle, never used by an agent.
        data: the bundle as the run stored it.
        branch: the branch name it must contain.
        start: the commits the run started from.
        limits: how much is accepted.

    Raises:
        BundleRefused: with the code of what is wrong.
        GitFailed: the clone itself is not usable.
    """
    limits = limits or BundleLimits()
    if len(data) > limits.bytes:
        raise BundleRefused(
            f"The bundle has {len(data)} bytes, {limits.bytes} are allowed; commit less.",
            code="bundle-too-large",
        )
    bundle = parse_bundle(data)
    head_sha = _expected_head(bundle, f"refs/heads/{branch}")
    _require_prerequisites(clone, bundle)
    _unpack(clone, bundle, limits)
    _require_history(clone, head_sha, start, limits)
    clone.read("update-ref", INCOMING_REF, head_sha)
    commits = commits_between(clone, start.sha, head_sha, most=limits.commits)
    compared = _merge_base(clone, start.base_sha, head_sha)
    return ReceivedWork(
        base_sha=compared,
        head_sha=head_sha,
        commits=commits,
        changed=changed_paths(clone, compared, head_sha, most=limits.paths),
        diff=diff_text(clone, compared, head_sha, most_bytes=limits.diff_bytes),
    )


def _expected_head(bundle: Bundle, reference: str) -> str:
    if set(bundle.references) != {reference}:
        raise BundleRefused(
            f"The bundle must contain {reference} and no other ref.", code="bundle-ref"
        )
    return bundle.references[reference]


def _require_prerequisites(clone: Git, bundle: Bundle) -> None:
    for sha in bundle.prerequisites:
        if clone.run("cat-file", "-e", f"{sha}^{{commit}}").returncode != 0:
            raise BundleRefused(
                f"The bundle builds on {sha}, which the repository does not have.",
                code="bundle-prerequisite",
            )


def _unpack(clone: Git, bundle: Bundle, limits: BundleLimits) -> None:
    try:
        packed = clone.run(
            "index-pack",
            "--stdin",
            "--fix-thin",
            "--strict",
            "--threads=1",
            f"--max-input-size={limits.bytes}",
            stdin=bundle.pack,
            settings=_FRUGAL,
            timeout=_UNPACK_TIMEOUT,
            most_memory=_MOST_MEMORY,
        )
    except GitTimeout as error:
        raise BundleRefused(
            "The bundle takes too long to check; commit less.", code="bundle-objects"
        ) from error
    if packed.returncode != 0:
        raise BundleRefused(
            f"The bundle contains objects git does not accept: {_first_line(packed.stderr)}",
            code="bundle-objects",
        )
    unpacked = _unpacked_bytes(clone, packed.text.rpartition("\t")[2])
    if unpacked > limits.unpacked_bytes:
        raise BundleRefused(
            f"The bundle unfolds to {unpacked} bytes, {limits.unpacked_bytes} are allowed.",
            code="bundle-too-large",
        )


def _unpacked_bytes(clone: Git, pack: str) -> int:
    """Add up the objects of the pack just received, deltas resolved."""
    listing = clone.read("show-index", stdin=_pack_index(clone, pack)).text
    names = "".join(f"{line.split()[1]}\n" for line in listing.splitlines())
    sizes = clone.read("cat-file", "--batch-check=%(objectsize)", stdin=names.encode()).text
    return sum(int(size) for size in sizes.split())


def _pack_index(clone: Git, pack: str) -> bytes:
    return (clone.directory / "objects" / "pack" / f"pack-{pack}.idx").read_bytes()


def _require_history(clone: Git, head_sha: str, start: Start, limits: BundleLimits) -> None:
    if clone.run("cat-file", "-e", f"{head_sha}^{{commit}}").returncode != 0:
        raise BundleRefused("The branch in the bundle names no commit.", code="bundle-ref")
    if head_sha == start.sha:
        raise BundleRefused("The bundle adds no commit.", code="bundle-empty")
    if clone.run("merge-base", "--is-ancestor", start.sha, head_sha).returncode != 0:
        raise BundleRefused(
            f"The branch no longer contains {start.sha}, where the run started; "
            "add commits instead of rewriting them.",
            code="bundle-history",
        )
    count = int(clone.read("rev-list", "--count", f"{start.sha}..{head_sha}").text)
    if count > limits.commits:
        raise BundleRefused(
            f"The bundle has {count} commits, {limits.commits} are allowed.",
            code="bundle-commits",
        )


def _merge_base(clone: Git, base_sha: str, head_sha: str) -> str:
    found = clone.run("merge-base", base_sha, head_sha)
    if found.returncode != 0:
        raise BundleRefused("The branch shares no commit with its base.", code="bundle-history")
    return found.text.splitlines()[0]


def _first_line(said: str) -> str:
    return said.strip().partition("\n")[0][:200]
