"""The real git with the tokens of people and Apps."""

from functools import partial
from pathlib import Path

import pytest
from client_town import Town
from github import Auth, GithubIntegration

from rigtasks.testing.real_git import ANY_USER, real_git


def git(
    folder: Path,
    *arguments: str,
    token: str | None = None,
    user: str = ANY_USER,
    fails: str | None = None,
) -> str:
    """Run git without anybody's settings; where it has to fail, its words are given."""
    done = real_git(
        folder, *arguments, name="Mona", email="mona@example.invalid", token=token, user=user
    )
    assert (done.returncode == 0) is (fails is None), done.stderr
    assert fails is None or fails in done.stderr
    return done.stdout.strip()


def address(town: Town) -> str:
    return f"{town.url}/{town.repo}.git"


def write(town: Town, path: str, text: str) -> None:
    body = {"message": f"docs: {path}", "content": text}
    town.mona.call("PUT", f"/repos/{town.repo}/contents/{path}", body)


def test_git_clones_fetches_and_pushes(town: Town, tmp_path: Path) -> None:
    mona = partial(git, token=town.mona.token, user="mona")
    mona(tmp_path, "clone", "--quiet", address(town), "work")
    work = tmp_path / "work"
    assert (work / "README.md").read_text() == "# Shop\n"
    write(town, "one.txt", "MQ==")
    mona(work, "fetch", "--quiet", "origin")
    assert git(work, "rev-list", "--count", "HEAD..origin/main") == "1"
    git(work, "merge", "--quiet", "--ff-only", "origin/main")
    (work / "two.txt").write_text("2")
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", "docs: two")
    refs = ("HEAD:main", "HEAD:refs/heads/copy", "HEAD:refs/tags/v1")
    mona(work, "push", "--quiet", "origin", *refs)
    head = git(work, "rev-parse", "HEAD")
    listed = dict(
        reversed(line.split("\t")) for line in mona(work, "ls-remote", "origin").splitlines()
    )
    assert listed["refs/heads/main"] == listed["refs/heads/copy"] == listed["refs/tags/v1"] == head
    mona(work, "push", "--quiet", "origin", ":copy")
    assert "copy" not in mona(work, "ls-remote", "--heads", "origin")


def test_git_takes_only_what_it_needs(town: Town, tmp_path: Path) -> None:
    for name in ("one.txt", "two.txt", "three.txt"):
        write(town, name, "MQ==")
    source, mona = address(town), partial(git, token=town.mona.token)
    mona(tmp_path, "clone", "--quiet", "--depth=1", source, "shallow")
    shallow = tmp_path / "shallow"
    assert git(shallow, "rev-list", "--count", "HEAD") == "1"
    mona(shallow, "fetch", "--quiet", "--deepen=1")
    assert git(shallow, "rev-list", "--count", "HEAD") == "2"
    mona(shallow, "fetch", "--quiet", "--unshallow")
    assert git(shallow, "rev-list", "--count", "HEAD") == "4"
    mona(tmp_path, "clone", "--quiet", "--single-branch", "--no-tags", "--bare", source, "bare.git")
    assert git(tmp_path / "bare.git", "for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_git_is_refused_with_the_wrong_token(town: Town, tmp_path: Path) -> None:
    here = address(town)
    git(tmp_path, "clone", here, "a", token="no", fails="Authentication failed")
    git(tmp_path, "clone", here, "b", fails="could not read Username")
    wrong = here.replace(town.repo, "octo/nothing")
    git(tmp_path, "clone", wrong, "c", token=town.mona.token, fails="not found")


@pytest.mark.parametrize(("level", "refusal"), [("write", None), ("read", "403")])
def test_git_pushes_with_an_installation_that_may_write(
    town: Town, tmp_path: Path, level: str, refusal: str | None
) -> None:
    app = partial(git, token=installation_token(town, level))
    app(tmp_path, "clone", "--quiet", address(town), "work")
    work = tmp_path / "work"
    git(work, "commit", "--quiet", "--allow-empty", "-m", "chore: nothing")
    app(work, "push", "--quiet", "origin", "HEAD:refs/heads/nothing", fails=refusal)


def installation_token(town: Town, level: str) -> str:
    """Mint a token of the conductor's App that may read or write the contents."""
    signer = Auth.AppAuth(town.apps["conductor"]["app_id"], town.key_of("conductor"))
    with GithubIntegration(auth=signer, base_url=town.url) as integration:
        installation = integration.get_repo_installation(*town.repo.split("/"))
        return integration.get_access_token(installation.id, {"contents": level}).token
