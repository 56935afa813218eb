"""Bundles of agents are accepted only when everything about them is as expected."""

import zlib
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path

import pytest
from served_git import BRANCH, Shop, bundle_of, commit, git

from rigtasks.workspace.bundle import INCOMING_REF, BundleLimits, receive_bundle
from rigtasks.workspace.checkout import Start, clean_clone
from rigtasks.workspace.errors import BundleRefused
from rigtasks.workspace.git import Git
from rigtasks.workspace.work import FileMode

Clone = Callable[..., Git]


@pytest.fixture
def clone(shop: Shop, tmp_path: Path) -> Git:
    return clean_clone(tmp_path / "clean", shop.remote(), Start(base_sha=shop.base_sha))


def refused(
    clone: Git,
    data: bytes,
    start: Start,
    *,
    branch: str = BRANCH,
    limits: BundleLimits | None = None,
) -> str:
    with pytest.raises(BundleRefused) as error:
        receive_bundle(clone, data, branch=branch, start=start, limits=limits)
    assert clone.run("rev-parse", "--verify", "--quiet", INCOMING_REF).returncode != 0
    return error.value.code


def test_accepted_work_tells_its_commits_paths_and_diff(
    shop: Shop, agent: Path, clone: Git
) -> None:
    commit(
        agent, {"price.py": "def price(x):\n    return round(x)\n"}, "Round prices\n\nRig-Run: 1"
    )
    (agent / "link").symlink_to("../../etc/passwd")
    (agent / "README.md").unlink()
    script = agent / "run.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    (agent / "logo.bin").write_bytes(bytes(range(256)))
    head = commit(agent, {})

    work = receive_bundle(
        clone,
        bundle_of(agent, f"{shop.base_sha}..{BRANCH}"),
        branch=BRANCH,
        start=Start(base_sha=shop.base_sha),
    )

    assert (work.base_sha, work.head_sha) == (shop.base_sha, head)
    assert [each.message.splitlines()[0] for each in work.commits] == ["Round prices"] * 2
    assert work.commits[0].parents == (shop.base_sha,)
    assert work.commits[0].author.email == "dev@example.invalid"
    assert work.commits[0].author.when.tzinfo is not None
    changed = {each.path: each for each in work.changed}
    assert set(changed) == {"price.py", "link", "README.md", "run.sh", "logo.bin"}
    assert (changed["price.py"].added, changed["price.py"].removed) == (1, 1)
    assert changed["link"].new_mode is FileMode.SYMLINK
    assert changed["link"].link_target == "../../etc/passwd"
    assert changed["README.md"].new_mode is FileMode.ABSENT
    assert changed["run.sh"].new_mode is FileMode.EXECUTABLE
    assert changed["logo.bin"].binary
    assert changed["logo.bin"].size == 256
    assert "+    return round(x)" in work.diff.text
    assert not work.diff.truncated


def test_a_second_run_builds_on_the_branch_and_is_compared_with_the_base(
    shop: Shop, agent: Path, tmp_path: Path
) -> None:
    first = commit(agent, {"price.py": "def price(x):\n    return round(x)\n"})
    git(agent, "push", "-q", str(shop.bare), f"HEAD:refs/heads/{BRANCH}")
    second = commit(agent, {"tests.py": "assert True\n"}, "Add a test")
    start = Start(base_sha=shop.base_sha, head_sha=first)
    clone = clean_clone(tmp_path / "clean", shop.remote(), start)

    work = receive_bundle(clone, bundle_of(agent, f"{first}..{BRANCH}"), branch=BRANCH, start=start)

    assert [each.sha for each in work.commits] == [second]
    assert {each.path for each in work.changed} == {"price.py", "tests.py"}


def test_a_base_merged_into_the_branch_is_not_part_of_the_diff(
    shop: Shop, agent: Path, tmp_path: Path
) -> None:
    commit(agent, {"price.py": "def price(x):\n    return round(x)\n"})
    git(agent, "switch", "-q", "-c", "elsewhere", shop.base_sha)
    moved = commit(agent, {"other.py": "x = 1\n"}, "Move the base")
    git(agent, "push", "-q", str(shop.bare), "HEAD:refs/heads/main")
    git(agent, "switch", "-q", BRANCH)
    first = git(agent, "rev-parse", "HEAD")
    git(agent, "push", "-q", str(shop.bare), f"HEAD:refs/heads/{BRANCH}")
    git(agent, "merge", "-q", "--no-edit", "elsewhere")
    start = Start(base_sha=moved, head_sha=first)
    clone = clean_clone(tmp_path / "clean", shop.remote(), start)

    work = receive_bundle(
        clone, bundle_of(agent, BRANCH, f"^{first}", f"^{moved}"), branch=BRANCH, start=start
    )

    assert work.base_sha == moved
    assert {each.path for each in work.changed} == {"price.py"}
    assert len(work.commits) == 2


def test_what_is_no_bundle_is_refused(shop: Shop, clone: Git) -> None:
    start = Start(base_sha=shop.base_sha)
    good_head = f"# v2 git bundle\n{shop.base_sha} refs/heads/{BRANCH}\n\n".encode()

    assert refused(clone, b"", start) == "bundle-malformed"
    assert refused(clone, b"PK\x03\x04 not a bundle\n\nPACK", start) == "bundle-malformed"
    assert refused(clone, good_head, start) == "bundle-malformed"
    assert refused(clone, good_head + b"PACK garbage", start) == "bundle-objects"
    assert (
        refused(clone, b"# v3 git bundle\n@filter=blob:none\n\nPACK", start) == "bundle-malformed"
    )
    assert refused(clone, b"# v2 git bundle\n" + b"-" + b"a" * 40 + b"\n" * 90, start)


def test_a_cut_bundle_is_refused(shop: Shop, agent: Path, clone: Git) -> None:
    commit(agent, {"a.txt": "a\n"})
    data = bundle_of(agent, f"{shop.base_sha}..{BRANCH}")

    assert refused(clone, data[:-10], Start(base_sha=shop.base_sha)) == "bundle-objects"


@pytest.mark.parametrize("extra", ["main", "feature/issue-6-other", "HEAD"])
def test_any_other_ref_in_the_bundle_is_refused(
    shop: Shop, agent: Path, clone: Git, extra: str
) -> None:
    commit(agent, {"a.txt": "a\n"})
    if extra != "HEAD":
        git(agent, "branch", extra)

    data = bundle_of(agent, BRANCH, extra, f"^{shop.base_sha}")

    assert refused(clone, data, Start(base_sha=shop.base_sha)) == "bundle-ref"


def test_a_bundle_of_another_branch_is_refused(shop: Shop, agent: Path, clone: Git) -> None:
    commit(agent, {"a.txt": "a\n"})
    data = bundle_of(agent, f"{shop.base_sha}..{BRANCH}")

    code = refused(clone, data, Start(base_sha=shop.base_sha), branch="feature/issue-5-other")

    assert code == "bundle-ref"


def test_rewritten_history_is_refused(shop: Shop, agent: Path, tmp_path: Path) -> None:
    first = commit(agent, {"a.txt": "a\n"})
    git(agent, "push", "-q", str(shop.bare), f"HEAD:refs/heads/{BRANCH}")
    git(agent, "reset", "-q", "--hard", shop.base_sha)
    commit(agent, {"b.txt": "b\n"})
    start = Start(base_sha=shop.base_sha, head_sha=first)
    clone = clean_clone(tmp_path / "clean", shop.remote(), start)

    code = refused(clone, bundle_of(agent, f"{shop.base_sha}..{BRANCH}"), start)

    assert code == "bundle-history"


def test_a_history_of_its_own_is_refused(shop: Shop, agent: Path, clone: Git) -> None:
    git(agent, "checkout", "-q", "--orphan", "fresh")
    commit(agent, {"b.txt": "b\n"})
    git(agent, "branch", "-M", BRANCH)

    assert (
        refused(clone, bundle_of(agent, BRANCH), Start(base_sha=shop.base_sha)) == "bundle-history"
    )


def test_a_bundle_on_commits_nobody_has_is_refused(shop: Shop, agent: Path, clone: Git) -> None:
    hidden = commit(agent, {"a.txt": "a\n"})
    commit(agent, {"b.txt": "b\n"})

    code = refused(clone, bundle_of(agent, f"{hidden}..{BRANCH}"), Start(base_sha=shop.base_sha))

    assert code == "bundle-prerequisite"


def test_too_much_is_refused(shop: Shop, agent: Path, clone: Git) -> None:
    commit(agent, {"zeros.txt": "0" * 2_000_000})
    commit(agent, {"b.txt": "b\n"})
    data = bundle_of(agent, f"{shop.base_sha}..{BRANCH}")
    start = Start(base_sha=shop.base_sha)

    def code(limits: BundleLimits) -> str:
        return refused(clone, data, start, limits=limits)

    assert code(BundleLimits(bytes=100)) == "bundle-too-large"
    assert code(BundleLimits(unpacked_bytes=1_000_000)) == "bundle-too-large"
    assert code(BundleLimits(commits=1)) == "bundle-commits"


def test_a_diff_longer_than_allowed_says_so(shop: Shop, agent: Path, clone: Git) -> None:
    commit(agent, {"long.txt": "line\n" * 5_000})

    work = receive_bundle(
        clone,
        bundle_of(agent, f"{shop.base_sha}..{BRANCH}"),
        branch=BRANCH,
        start=Start(base_sha=shop.base_sha),
        limits=BundleLimits(diff_bytes=1_000),
    )

    assert work.diff.truncated
    assert len(work.diff.text) == 1_000


def test_too_many_paths_are_refused(shop: Shop, agent: Path, clone: Git) -> None:
    commit(agent, {f"f{index}.txt": "" for index in range(12)})

    with pytest.raises(BundleRefused) as error:
        receive_bundle(
            clone,
            bundle_of(agent, f"{shop.base_sha}..{BRANCH}"),
            branch=BRANCH,
            start=Start(base_sha=shop.base_sha),
            limits=BundleLimits(paths=10),
        )

    assert error.value.code == "bundle-path"


@pytest.mark.parametrize("entry", [".git", "..", ".GIT", "git~1", "a/b"])
def test_a_tree_that_would_escape_on_checkout_is_refused(
    shop: Shop, agent: Path, clone: Git, entry: str
) -> None:
    blob = git(agent, "hash-object", "-w", "--stdin", stdin=b"[core]\n")
    tree = _loose(agent, b"tree", b"100644 " + entry.encode() + b"\0" + bytes.fromhex(blob))
    _commit_tree(agent, shop.base_sha, tree)

    data = bundle_of(agent, f"{shop.base_sha}..{BRANCH}")

    assert refused(clone, data, Start(base_sha=shop.base_sha)) == "bundle-objects"


def test_a_poisoned_submodule_url_is_refused(shop: Shop, agent: Path, clone: Git) -> None:
    commit(agent, {".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = --upload-pack=touch\n'})

    data = bundle_of(agent, f"{shop.base_sha}..{BRANCH}")

    assert refused(clone, data, Start(base_sha=shop.base_sha)) == "bundle-objects"


@pytest.mark.parametrize("name", [b"caf\xe9.txt", b"new\nline.txt", "right\u202eleft".encode()])
def test_a_file_name_that_cannot_be_shown_is_refused(
    shop: Shop, agent: Path, clone: Git, name: bytes
) -> None:
    blob = git(agent, "hash-object", "-w", "--stdin", stdin=b"x\n")
    tree = _loose(agent, b"tree", b"100644 " + name + b"\0" + bytes.fromhex(blob))
    _commit_tree(agent, shop.base_sha, tree)

    with pytest.raises(BundleRefused) as error:
        receive_bundle(
            clone,
            bundle_of(agent, f"{shop.base_sha}..{BRANCH}"),
            branch=BRANCH,
            start=Start(base_sha=shop.base_sha),
        )

    assert error.value.code == "bundle-path"


def test_submodules_are_told_as_such(shop: Shop, agent: Path, clone: Git) -> None:
    git(agent, "update-index", "--add", "--cacheinfo", f"160000,{shop.base_sha},vendored")
    git(agent, "commit", "-q", "-m", "Vendor")

    work = receive_bundle(
        clone,
        bundle_of(agent, f"{shop.base_sha}..{BRANCH}"),
        branch=BRANCH,
        start=Start(base_sha=shop.base_sha),
    )

    assert [each.new_mode for each in work.changed] == [FileMode.SUBMODULE]


@pytest.mark.parametrize(("copies", "code"), [(14, "bundle-too-large"), (250, "bundle-objects")])
def test_a_small_pack_that_unfolds_enormously_is_refused(
    shop: Shop, clone: Git, copies: int, code: str
) -> None:
    head = f"# v2 git bundle\n{shop.base_sha} refs/heads/{BRANCH}\n\n".encode()
    data = head + _delta_bomb(copies=copies)

    assert len(data) < 200_000
    assert refused(clone, data, Start(base_sha=shop.base_sha)) == code


def _delta_bomb(*, copies: int) -> bytes:
    """Build a pack whose second object copies the first one, of 15 MB, again and again."""
    size = 15 * 1024 * 1024
    base = _pack_header(3, size) + zlib.compress(bytes(size), 9)
    copy = bytes([0b1111_0000]) + size.to_bytes(3, "little")
    delta = _varint(size) + _varint(size * copies) + copy * copies
    back = _offset(len(base))
    patched = _pack_header(6, len(delta)) + back + zlib.compress(delta, 9)
    pack = b"PACK" + (2).to_bytes(4, "big") + (2).to_bytes(4, "big") + base + patched
    return pack + sha1(pack, usedforsecurity=False).digest()


def _pack_header(kind: int, size: int) -> bytes:
    byte, size = kind << 4 | size & 15, size >> 4
    header = bytearray()
    while size:
        header.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    return bytes([*header, byte])


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def _offset(value: int) -> bytes:
    encoded = [value & 0x7F]
    while value := value >> 7:
        value -= 1
        encoded.insert(0, value & 0x7F | 0x80)
    return bytes(encoded)


def _loose(directory: Path, kind: bytes, content: bytes) -> str:
    """Write an object git's own commands would refuse to make."""
    raw = kind + b" " + str(len(content)).encode() + b"\0" + content
    sha = sha1(raw, usedforsecurity=False).hexdigest()
    path = directory / ".git" / "objects" / sha[:2] / sha[2:]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(zlib.compress(raw))
    return sha


def _commit_tree(directory: Path, parent: str, tree: str) -> None:
    person = b"Dev <dev@example.invalid> 1700000000 +0000"
    content = b"tree %s\nparent %s\nauthor %s\ncommitter %s\n\nEscape\n" % (
        tree.encode(),
        parent.encode(),
        person,
        person,
    )
    sha = _loose(directory, b"commit", content)
    (directory / ".git" / "refs" / "heads" / BRANCH).write_text(sha + "\n")
