"""The client against a stateful GitHub: each write repeated, each read after the fact."""

import pytest
from towns import BRANCH, Town, Work

from rigtasks.github.checks import (
    CheckDraft,
    put_check_run,
    read_check_runs,
    read_check_suites,
    read_statuses,
)
from rigtasks.github.contents import read_branch_head, read_codeowners, read_file, read_tree
from rigtasks.github.errors import Forbidden, NotFound, Unprocessable
from rigtasks.github.identities import Account, RepositoryRef, Role
from rigtasks.github.issues import (
    comment_once,
    read_comments,
    read_history,
    read_issue,
    read_last_text_edit,
)
from rigtasks.github.merge import (
    HeadMoved,
    Merged,
    MergeRequest,
    NotMergeable,
    find_merge,
    is_on_base,
    merge,
)
from rigtasks.github.pull_request_facts import read_pull_request_facts
from rigtasks.github.pulls import (
    open_pull_request,
    read_diff,
    read_open_pull_requests,
    read_pull_request,
    read_pull_requests_closing,
)
from rigtasks.github.repositories import (
    Permission,
    RequiredCheck,
    read_permission,
    read_repository,
    read_required_checks,
)
from rigtasks.github.reviews import (
    ReviewComment,
    ReviewDraft,
    ReviewEvent,
    ReviewState,
    post_review_once,
    read_reviews,
    read_threads,
    resolve_thread,
)
from rigtasks.github.tokens import NotInstalled
from rigtasks.workspace.errors import AccessDenied


def test_each_identity_is_a_bot_of_its_own(town: Town) -> None:
    accounts = {role: town.api(role).account() for role in Role}

    assert len({account.id for account in accounts.values()}) == 3
    assert all(account.login.endswith("[bot]") for account in accounts.values())
    assert {role: account.id for role, account in accounts.items()} == town.bots()


def test_the_repository_is_the_one_meant_by_id_even_when_renamed(town: Town) -> None:
    found = read_repository(town.api(Role.CONDUCTOR))
    assert (found.id, found.default_branch, found.archived) == (town.shop.id, "main", False)

    town.rename(town.shop.full_name.split("/")[1] + "-renamed")
    renamed = read_repository(town.api(Role.CONDUCTOR))
    other = RepositoryRef(id=town.shop.id + 10_000, full_name=renamed.full_name)

    assert renamed.id == town.shop.id
    assert renamed.full_name.endswith("-renamed")
    with pytest.raises((NotFound, NotInstalled)):
        read_repository(town.github.api(Role.CONDUCTOR, other))


def test_permissions_are_those_of_the_account_and_not_of_its_name(town: Town) -> None:
    api = town.api(Role.CONDUCTOR)
    mona, stranger = town.account("mona"), town.account("stranger")

    assert read_permission(api, mona) is Permission.WRITE
    assert read_permission(api, stranger) is Permission.READ
    assert read_permission(api, Account(id=1, login="mona")) is Permission.NONE
    assert read_permission(api, Account(id=1, login="nobody-here")) is Permission.NONE


def test_the_label_in_force_tells_who_put_it_on_last(town: Town) -> None:
    api = town.api(Role.CONDUCTOR)
    number = town.create_issue("Prices", "Please round.")
    assert read_history(api, number).label_in_force("agent-ready") is None

    town.label(number, "agent-ready", "bug")
    applied = read_history(api, number).label_in_force("agent-ready")
    town.unlabel(number, "agent-ready")
    removed = read_history(api, number).label_in_force("agent-ready")

    assert applied is not None
    assert applied.actor is not None
    assert applied.actor.login == "mona"
    assert removed is None
    assert read_issue(api, number).label_names == ("bug",)


def test_edits_of_title_and_body_are_seen(town: Town) -> None:
    api = town.api(Role.CONDUCTOR)
    number = town.create_issue("Prices", "Please round.")
    untouched = read_last_text_edit(api, number, read_history(api, number))
    town.edit_issue(number, title="Prices!")
    renamed = read_last_text_edit(api, number, read_history(api, number))
    town.edit_issue(number, body="Please round up.")
    edited = read_last_text_edit(api, number, read_history(api, number))

    assert untouched is None
    assert renamed is not None
    assert (renamed.what, renamed.editor) == ("title", "mona")
    assert edited is not None
    assert edited.editor == "mona"


def test_one_comment_is_kept_up_to_date_and_a_strangers_copy_left_alone(town: Town) -> None:
    api = town.api(Role.CONDUCTOR)
    number = town.create_issue("Prices")
    town.comment("stranger", number, "mine\n\n<!-- rig:status -->")

    first = comment_once(api, number, key="status", body="Queued")
    again = comment_once(api, number, key="status", body="Queued")
    changed = comment_once(api, number, key="status", body="Working")

    assert first.id == again.id == changed.id
    bodies = [comment.body for comment in read_comments(api, number)]
    assert bodies == ["mine\n\n<!-- rig:status -->", "Working\n\n<!-- rig:status -->"]


def test_files_trees_and_owners_are_read_at_a_commit(town: Town) -> None:
    api = town.api(Role.CONDUCTOR)
    head = read_branch_head(api, "main")
    assert head is not None

    file = read_file(api, "price.py", ref=head)
    tree = read_tree(api, head)
    owners = read_codeowners(api, ref=head)

    assert file is not None
    assert file.content == b"def price(x):\n    return int(x)\n"
    assert set(tree.files()) == {"price.py", "docs/CODEOWNERS"}
    entry = tree.entry("price.py")
    assert entry is not None
    assert (entry.sha, entry.mode) == (file.sha, "100644")
    assert owners is not None
    assert owners.path == "docs/CODEOWNERS"
    assert read_file(api, "nothing.py", ref=head) is None
    assert read_file(api, "docs", ref=head) is None
    assert read_branch_head(api, BRANCH) is None


def test_a_pull_request_is_opened_once_and_adopted_afterwards(town: Town, pull: int) -> None:
    api = town.api(Role.AUTHOR)

    again = open_pull_request(api, branch=BRANCH, base="main", title="Other", body="Other")

    assert (again.adopted, again.pull_request.number) == (True, pull)
    assert [each.number for each in read_open_pull_requests(api, branch=BRANCH)] == [pull]
    found = read_pull_request(api, pull)
    assert found.body == "Closes #1"
    assert found.mergeable is True
    assert found.user is not None
    assert found.user.id == api.account().id
    closing = read_pull_requests_closing(api, 1, state="open")
    assert [each.number for each in closing] == [pull]
    assert read_pull_requests_closing(api, 1, state="closed") == ()
    assert read_pull_requests_closing(api, 2, state="open") == ()


def test_a_branch_without_commits_gets_no_pull_request(town: Town, work: Work) -> None:
    work.push(work.base)

    with pytest.raises(Unprocessable):
        open_pull_request(
            town.api(Role.AUTHOR), branch=BRANCH, base="main", title="Empty", body="Closes #1"
        )


def test_a_diff_longer_than_wanted_is_named_truncated(town: Town, pull: int) -> None:
    api = town.api(Role.REVIEWER)

    whole, cut = read_diff(api, pull), read_diff(api, pull, most_bytes=40)

    assert "+    return round(x)" in whole.text
    assert not whole.truncated
    assert cut.truncated
    assert len(cut.text) == 40


def test_a_review_is_posted_once_for_a_commit_and_its_thread_resolved(
    town: Town, work: Work, pull: int
) -> None:
    api = town.api(Role.REVIEWER)
    draft = ReviewDraft(
        key="review/run-1",
        commit_id=work.head or "",
        event=ReviewEvent.REQUEST_CHANGES,
        body="Add a test.",
        comments=(ReviewComment(path="price.py", line=2, body="Rounds half to even."),),
    )

    first = post_review_once(api, pull, draft)
    again = post_review_once(api, pull, draft)

    assert first.id == again.id
    reviews = read_reviews(api, pull)
    assert [(each.state, each.commit_id) for each in reviews] == [
        (ReviewState.CHANGES_REQUESTED, work.head)
    ]
    (thread,) = read_threads(api, pull)
    assert (thread.is_resolved, thread.path, thread.line) == (False, "price.py", 2)
    assert thread.opened_by_id == api.account().id
    for _ in range(2):
        resolve_thread(town.api(Role.CONDUCTOR), thread.id)
    (resolved,) = read_threads(api, pull)
    assert resolved.is_resolved
    assert resolved.resolved_by_id == town.api(Role.CONDUCTOR).account().id


def test_the_author_cannot_approve_its_own_work(town: Town, work: Work, pull: int) -> None:
    draft = ReviewDraft(
        key="self", commit_id=work.head or "", event=ReviewEvent.APPROVE, body="Fine."
    )

    with pytest.raises(Unprocessable):
        post_review_once(town.api(Role.AUTHOR), pull, draft)


def gate_check(
    work: Work, status: str = "completed", conclusion: str | None = "success"
) -> CheckDraft:
    return CheckDraft(
        name="rig/merge-gate",
        head_sha=work.head or "",
        external_id="gate:1",
        status=status,
        conclusion=conclusion,
        title=f"The gate is {status}",
        summary="Waiting for CI.",
    )


def test_our_check_run_is_updated_and_never_doubled(town: Town, work: Work, pull: int) -> None:
    api = town.api(Role.CONDUCTOR)
    assert pull

    def put(status: str, conclusion: str | None) -> int:
        return put_check_run(api, gate_check(work, status, conclusion)).id

    first = put("in_progress", None)
    again = put("in_progress", None)
    done = put("completed", "success")

    assert first == again == done
    (run,) = read_check_runs(api, work.head or "")
    assert (run.name, run.status, run.conclusion) == ("rig/merge-gate", "completed", "success")
    (suite,) = read_check_suites(api, work.head or "")
    assert (suite.status, suite.conclusion) == ("completed", "success")
    assert (suite.app, suite.latest_check_runs_count) == (run.app, 1)
    assert read_statuses(api, work.head or "") == ()


def test_required_checks_come_with_their_app_and_none_is_known_as_none(town: Town) -> None:
    api = town.api(Role.CONDUCTOR)
    before = read_required_checks(api, "main")
    town.protect("test", 15368)
    after = read_required_checks(api, "main")

    assert (before.known, before.checks) == (True, ())
    assert after.known
    assert after.checks == (RequiredCheck(context="test", app_id=15368),)


def test_all_facts_of_a_pull_request_are_read_at_its_head(
    town: Town, work: Work, pull: int
) -> None:
    town.label(pull, "large-pr-ok")

    facts = read_pull_request_facts(town.api(Role.CONDUCTOR), pull)

    assert facts.unknown_sources == ()
    assert facts.head_sha == work.head == facts.commits[-1].sha
    assert [file.filename for file in facts.files] == ["price.py"]
    assert not facts.files_truncated
    assert facts.required_checks.known
    assert facts.codeowners is not None
    label = facts.history.label_in_force("large-pr-ok")
    assert label is not None
    assert label.actor is not None
    assert label.actor.login == "mona"


def request(work: Work, pull: int, *, head: str | None = None) -> MergeRequest:
    return MergeRequest(
        number=pull,
        head_sha=head or work.head or "",
        base_ref="main",
        title=f"Round prices (#{pull})",
        message="Rig-Run: 7f",
        marker="Rig-Run: 7f",
    )


def test_a_merge_lands_on_the_base_and_closes_the_issue(town: Town, work: Work, pull: int) -> None:
    api = town.api(Role.CONDUCTOR)
    assert read_pull_request(api, pull).mergeable is True
    assert find_merge(api, request(work, pull)) is None

    outcome = merge(api, request(work, pull))

    assert isinstance(outcome, Merged)
    assert is_on_base(api, "main", outcome.sha)
    assert not is_on_base(api, "main", work.head or "")
    assert find_merge(api, request(work, pull)) == Merged(sha=outcome.sha, found=True)
    assert read_issue(api, 1).state == "closed"
    assert read_pull_request(api, pull).is_merged
    closing = read_pull_requests_closing(api, 1, state="closed")
    assert [each.number for each in closing] == [pull]


@pytest.mark.incident("B42")
def test_a_head_that_moved_is_not_merged(town: Town, work: Work, pull: int) -> None:
    api = town.api(Role.CONDUCTOR)
    old = work.head
    work.push(work.commit({"more.py": "x = 1\n"}))
    read_pull_request(api, pull)

    outcome = merge(api, request(work, pull, head=old))

    assert isinstance(outcome, HeadMoved)
    assert not read_pull_request(api, pull).is_merged


def test_a_merge_against_the_rules_is_refused_without_a_loop(
    town: Town, work: Work, pull: int
) -> None:
    api = town.api(Role.CONDUCTOR)
    town.protect("test")
    read_pull_request(api, pull)

    outcome = merge(api, request(work, pull))

    assert isinstance(outcome, NotMergeable)
    assert not read_pull_request(api, pull).is_merged


def test_tokens_carry_what_was_asked_and_no_more(town: Town, work: Work, pull: int) -> None:
    sha = work.commit({"more.py": "x = 1\n"})
    with pytest.raises(AccessDenied):
        work.push(sha, read_only=True)
    with pytest.raises(Forbidden):
        merge(town.api(Role.REVIEWER), request(work, pull))
    with pytest.raises(Forbidden):
        put_check_run(town.api(Role.AUTHOR), gate_check(work))


def test_workflows_cannot_be_pushed(work: Work) -> None:
    sha = work.commit({".github/workflows/ci.yml": "on: push\n"})

    with pytest.raises(AccessDenied):
        work.push(sha)


def test_an_app_that_is_not_installed_says_what_to_do(town: Town) -> None:
    nowhere = RepositoryRef(id=999_999, full_name="nobody/nothing")

    with pytest.raises(NotInstalled, match="Install the App on nobody/nothing"):
        read_repository(town.github.api(Role.AUTHOR, nowhere))
