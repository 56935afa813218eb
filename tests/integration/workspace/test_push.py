"""A push moves the branch exactly once, or says why it did not."""

from pathlib import Path

import pytest
from served_git import BRANCH, READER, Fault, Shop, bundle_of, commit, git

from rigtasks.errors import UnknownEffect
from rigtasks.workspace.bundle import receive_bundle
from rigtasks.workspace.checkout import Start, clean_clone
from rigtasks.workspace.errors import (
    AccessDenied,
    AuthenticationFailed,
    BranchProtected,
    BranchRefused,
    LeaseLost,
    RemoteUnavailable,
)
from rigtasks.workspace.git import Git
from rigtasks.workspace.push import PushOutcome, PushRequest, push_branch


@pytest.fixture
def head(agent: Path) -> str:
    return commit(agent, {"price.py": "def price(x):\n    return round(x)\n"})


@pytest.fixture
def clone(shop: Shop, agent: Path, head: str, tmp_path: Path) -> Git:
    start = Start(base_sha=shop.base_sha)
    clone = clean_clone(tmp_path / "clean", shop.remote(), start)
    data = bundle_of(agent, f"{shop.base_sha}..{BRANCH}")
    work = receive_bundle(clone, data, branch=BRANCH, start=start)
    assert work.head_sha == head
    return clone


def request(new_sha: str, *, old_sha: str | None = None, branch: str = BRANCH) -> PushRequest:
    return PushRequest(branch=branch, issue=5, old_sha=old_sha, new_sha=new_sha)


def test_a_new_branch_is_made_and_pushing_again_changes_nothing(
    shop: Shop, clone: Git, head: str
) -> None:
    first = push_branch(clone, shop.remote(), request(head))
    second = push_branch(clone, shop.remote(), request(head))

    assert (first, second) == (PushOutcome.PUSHED, PushOutcome.ALREADY_THERE)
    assert shop.heads() == {"main": shop.base_sha, BRANCH: head}


def test_a_branch_somebody_made_meanwhile_is_left_alone(shop: Shop, clone: Git, head: str) -> None:
    git(shop.bare, "branch", BRANCH, shop.base_sha)

    with pytest.raises(LeaseLost):
        push_branch(clone, shop.remote(), request(head))

    assert shop.heads()[BRANCH] == shop.base_sha


def test_a_branch_that_moved_is_left_alone(shop: Shop, agent: Path, clone: Git, head: str) -> None:
    push_branch(clone, shop.remote(), request(head))
    git(agent, "reset", "-q", "--hard", shop.base_sha)
    other = commit(agent, {"x.txt": "x\n"})
    git(agent, "push", "-q", "--force", str(shop.bare), f"{other}:refs/heads/{BRANCH}")
    person = {"user.name": "Dev", "user.email": "dev@example.invalid"}
    newer = clone.read(
        "commit-tree", f"{head}^{{tree}}", "-p", head, "-m", "more", settings=person
    ).text

    with pytest.raises(LeaseLost):
        push_branch(clone, shop.remote(), request(newer, old_sha=head))

    assert shop.heads()[BRANCH] == other


@pytest.mark.parametrize(
    "branch",
    [
        "main",
        "refs/heads/main",
        "feature/issue-6-round-prices",
        "feature/issue-5-",
        "feature/issue-5",
        "feature/issue-05-x",
        "feature/issue-5-x:refs/heads/main",
        "feature/issue-5-x y",
        "feature/issue-5-x.lock",
        "feature/issue-5-../main",
        "--delete",
        "feature/issue-5-é",
        "feature/issue-5-x\n",
    ],
)
def test_no_other_ref_is_ever_pushed(shop: Shop, clone: Git, head: str, branch: str) -> None:
    before = len(shop.server.requests)

    with pytest.raises(BranchRefused):
        push_branch(clone, shop.remote(), request(head, branch=branch))

    assert shop.heads() == {"main": shop.base_sha}
    assert len(shop.server.requests) == before


def test_missing_rights_and_dead_tokens_are_told_apart(shop: Shop, clone: Git, head: str) -> None:
    with pytest.raises(AccessDenied) as denied:
        push_branch(clone, shop.remote(READER), request(head))
    with pytest.raises(AuthenticationFailed) as dead:
        push_branch(clone, shop.remote("dead-token"), request(head))

    assert READER not in str(denied.value)
    assert "dead-token" not in str(dead.value)
    assert BRANCH not in shop.heads()


def test_a_rule_of_the_repository_is_named(shop: Shop, clone: Git, head: str) -> None:
    hook = shop.bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'GH013: Repository rule violations found' >&2\nexit 1\n")
    hook.chmod(0o755)

    with pytest.raises(BranchProtected, match="rule violations"):
        push_branch(clone, shop.remote(), request(head))


@pytest.mark.parametrize("fault", [Fault.ERROR_AFTER, Fault.DROP_AFTER])
def test_an_answer_lost_after_the_push_is_found_by_reading(
    shop: Shop, clone: Git, head: str, fault: Fault
) -> None:
    shop.server.fault = fault

    assert push_branch(clone, shop.remote(), request(head)) is PushOutcome.PUSHED
    assert shop.heads()[BRANCH] == head


def test_a_failure_before_the_push_is_worth_another_try(shop: Shop, clone: Git, head: str) -> None:
    shop.server.fault = Fault.ERROR_BEFORE

    with pytest.raises(RemoteUnavailable, match="was not moved"):
        push_branch(clone, shop.remote(), request(head))

    assert BRANCH not in shop.heads()
    assert push_branch(clone, shop.remote(), request(head)) is PushOutcome.PUSHED


def test_a_remote_that_cannot_be_asked_leaves_the_effect_unknown(
    shop: Shop, clone: Git, head: str
) -> None:
    shop.server.down = True

    with pytest.raises(UnknownEffect):
        push_branch(clone, shop.remote(), request(head))
