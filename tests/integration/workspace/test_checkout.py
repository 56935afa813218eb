"""Checkouts come from real git over HTTP and keep nothing that leads back."""

import os
import socket
import subprocess
import time
from pathlib import Path

import pytest
from served_git import BRANCH, READER, WRITER, Shop, commit, git

from rigtasks.workspace.checkout import (
    Start,
    begun_at,
    checkout_for_agent,
    clean_clone,
    remote_heads,
)
from rigtasks.workspace.errors import (
    AuthenticationFailed,
    GitFailed,
    GitStopped,
    GitTimeout,
    RemoteUnavailable,
    RepositoryNotFound,
)
from rigtasks.workspace.git import Git, Remote, environment


def everything_under(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())


def test_an_agent_gets_the_files_on_its_branch_and_no_way_back(shop: Shop, tmp_path: Path) -> None:
    directory = tmp_path / "work"

    head = checkout_for_agent(
        directory, shop.remote(READER), Start(base_sha=shop.base_sha), branch=BRANCH
    )

    assert head == shop.base_sha
    assert (directory / "price.py").read_text().startswith("def price")
    assert git(directory, "symbolic-ref", "HEAD") == f"refs/heads/{BRANCH}"
    assert git(directory, "rev-parse", "refs/rig/base") == shop.base_sha
    assert git(directory, "remote") == ""
    assert not list((directory / ".git").glob("hooks/*"))
    assert (directory / ".git").is_dir()
    kept = everything_under(directory / ".git")
    assert READER.encode() not in kept
    assert shop.server.url.encode() not in kept


def test_where_work_began_is_told_as_long_as_it_is_part_of_it(
    shop: Shop, agent: Path, tmp_path: Path
) -> None:
    # given a review's commit, an unfinished one on it, and a push in the place of both
    reviewed = commit(agent, {"price.py": "def price(x):\n    return round(x)\n"})
    half = commit(agent, {"price.py": "def price(x):\n    return\n"})
    git(agent, "push", "-q", str(shop.bare), f"HEAD:refs/heads/{BRANCH}")
    git(agent, "reset", "-q", "--hard", shop.base_sha)
    theirs = commit(agent, {"notes.txt": "Mine.\n"})
    git(agent, "push", "-q", str(shop.bare), "HEAD:refs/heads/theirs")

    def begun(head_sha: str) -> str:
        directory = tmp_path / head_sha
        start = Start(base_sha=shop.base_sha, head_sha=head_sha)
        checkout_for_agent(directory, shop.remote(READER), start, branch=BRANCH)
        return begun_at(directory, start, reviewed)

    assert begun(half) == reviewed
    assert begun(theirs) == shop.base_sha


def test_a_later_run_continues_at_the_branch_head_with_the_base_at_hand(
    shop: Shop, agent: Path, tmp_path: Path
) -> None:
    head = commit(agent, {"price.py": "def price(x):\n    return round(x)\n"})
    git(agent, "push", "-q", str(shop.bare), f"HEAD:refs/heads/{BRANCH}")
    directory = tmp_path / "again"

    found = checkout_for_agent(
        directory,
        shop.remote(READER),
        Start(base_sha=shop.base_sha, head_sha=head, depth=1),
        branch=BRANCH,
    )

    assert found == head
    assert git(directory, "merge-base", "refs/rig/base", "HEAD") == shop.base_sha
    assert git(directory, "for-each-ref", "--format=%(refname)").splitlines() == [
        f"refs/heads/{BRANCH}",
        "refs/rig/base",
    ]


def test_a_symlink_submodule_and_attributes_of_the_repository_run_nothing(
    shop: Shop, agent: Path, tmp_path: Path
) -> None:
    witness = tmp_path / "witness"
    (agent / "link").symlink_to("/etc/passwd")
    base = commit(
        agent,
        {
            ".gitattributes": "* filter=evil diff=evil\n",
            ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = ext::sh -c touch% witness\n',
        },
    )
    git(agent, "push", "-q", str(shop.bare), f"{base}:refs/heads/main")

    checkout_for_agent(tmp_path / "work", shop.remote(READER), Start(base_sha=base), branch=BRANCH)

    assert not witness.exists()
    assert (tmp_path / "work" / "link").is_symlink()


def test_a_directory_that_is_in_use_is_refused(shop: Shop, agent: Path) -> None:
    with pytest.raises(GitFailed, match="not empty"):
        checkout_for_agent(agent, shop.remote(READER), Start(base_sha=shop.base_sha), branch=BRANCH)


def test_a_missing_commit_is_named(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(GitFailed, match="not our ref"):
        clean_clone(tmp_path / "clone", shop.remote(), Start(base_sha="0" * 39 + "1"))


@pytest.mark.parametrize("sha", ["main", "--upload-pack=touch x", "a" * 39, "A" * 40, ""])
def test_only_full_commit_ids_start_anything(sha: str) -> None:
    with pytest.raises(ValueError, match="commit id"):
        Start(base_sha=sha)


@pytest.mark.parametrize(
    ("token", "name", "expected"),
    [
        ("expired", "octo/shop", AuthenticationFailed),
        (None, "octo/shop", AuthenticationFailed),
        (READER, "octo/nothing", RepositoryNotFound),
    ],
)
def test_refusals_of_the_remote_are_told_apart(
    shop: Shop, token: str | None, name: str, expected: type[Exception]
) -> None:
    remote = Remote(url=shop.server.clone_url(name), token=token)

    with pytest.raises(expected) as error:
        remote_heads(remote, "main")

    assert "expired" not in str(error.value)


def test_a_remote_that_is_down_is_worth_another_try(shop: Shop) -> None:
    shop.server.down = True
    with pytest.raises(RemoteUnavailable):
        remote_heads(shop.remote(), "main")
    with pytest.raises(RemoteUnavailable):
        remote_heads(Remote(url="http://127.0.0.1:9/octo/shop.git"), "main")


def test_heads_are_listed_without_the_ones_that_do_not_exist(shop: Shop) -> None:
    assert remote_heads(shop.remote(READER), "main", BRANCH) == {"main": shop.base_sha}


@pytest.mark.parametrize(
    "url",
    [
        "https://user:secret@example.invalid/x.git",
        "ext::sh -c id",
        "file:///etc",
        "/etc",
        "--upload-pack=id",
        "ssh://example.invalid/x",
    ],
)
def test_only_plain_http_urls_are_remotes(url: str) -> None:
    with pytest.raises(ValueError, match="http"):
        Remote(url=url)


def test_the_token_is_in_no_argument_file_or_text(shop: Shop, tmp_path: Path) -> None:
    remote = shop.remote(WRITER)
    seen: list[bytes] = []
    done = Git(tmp_path).run(
        "-c", "alias.show-arguments=!tr '\\0' ' ' < /proc/$PPID/cmdline; env >&2; exit 1",
        "show-arguments",
        remote=remote,
    )  # fmt: skip
    seen.append(done.stdout)

    assert done.returncode == 1
    assert WRITER not in repr(remote) + done.stderr + done.text
    assert "GIT_CONFIG_VALUE" in done.stderr
    encoded = (remote.authorization() or "").rpartition(" ")[2]
    assert encoded
    assert encoded not in done.stderr + done.text


def test_nothing_of_the_surroundings_reaches_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_SSH_COMMAND", "touch evil")
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_secret")
    monkeypatch.delenv("HOME", raising=False)
    Git(tmp_path).read("init", "-q")
    done = Git(tmp_path).run("-c", "alias.surroundings=!env", "surroundings")

    assert (tmp_path / ".git").is_dir()
    assert "evil" not in done.text
    assert "ghs_secret" not in done.text
    assert "GIT_TERMINAL_PROMPT=0" in done.text


def test_a_configured_hook_filesystem_monitor_or_protocol_stays_silent(tmp_path: Path) -> None:
    git_here = Git(tmp_path)
    git_here.read("init", "-q")
    hook = tmp_path / "evil.sh"
    hook.write_text("#!/bin/sh\ntouch ran\n")
    hook.chmod(0o755)
    config = tmp_path / ".git" / "config"
    config.write_text(
        config.read_text() + f"[core]\n\tfsmonitor = {hook}\n\thooksPath = {tmp_path}\n"
        '[protocol "ext"]\n\tallow = never\n'
    )

    git_here.read("status")
    cloned = git_here.run("ls-remote", "ext::touch ran")
    local = git_here.run("ls-remote", f"file://{tmp_path}")

    assert not (tmp_path / "ran").exists()
    assert cloned.returncode != 0
    assert "not allowed" in cloned.stderr
    assert "not allowed" in local.stderr


def test_a_hanging_command_is_killed_with_its_children(tmp_path: Path) -> None:
    marker = f"{os.getpid()}.25"

    with pytest.raises(GitTimeout):
        Git(tmp_path).run("-c", f"alias.hang=!sleep 6{marker}; true", "hang", timeout=0.3)

    assert not [
        path
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if f"6{marker}".encode() in _content(path)
    ]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def test_output_without_an_end_is_cut(tmp_path: Path) -> None:
    done = Git(tmp_path).run("-c", "alias.endless=!yes", "endless", most_output=100_000)

    assert done.truncated
    assert len(done.stdout) == 100_000


def test_a_directory_of_another_user_is_worked_on_and_no_other(
    shop: Shop, agent: Path, tmp_path: Path
) -> None:
    def status(settings: dict[str, str]) -> int:
        variables = environment(agent, None, settings)
        return subprocess.run(
            ["git", "status"],
            cwd=agent,
            env=variables | {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"},
            capture_output=True,
            check=False,
        ).returncode

    assert shop.base_sha
    assert status({}) == 0
    assert status({"safe.directory": str(tmp_path)}) != 0


def test_a_command_whose_run_has_to_end_is_killed(tmp_path: Path) -> None:
    git = Git(tmp_path, stop=(tmp_path / "at-it").exists)

    with pytest.raises(GitStopped, match="stopped with its run"):
        git.run("-c", "alias.hang=!touch at-it; sleep 60; true", "hang")


def test_a_checkout_from_a_silent_remote_ends_with_its_run(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        remote = Remote(url=f"http://127.0.0.1:{silent.getsockname()[1]}/acme/shop.git")
        began = time.monotonic()

        with pytest.raises(GitStopped):
            checkout_for_agent(
                tmp_path / "work",
                remote,
                Start(base_sha="a" * 40),
                branch=BRANCH,
                stop=lambda: time.monotonic() - began > 0.5,
            )
