"""What the rig's client does, call by call: what came out, beside what GitHub's documents promise.

Each call gets a repository of its own and yields what was found and what was wanted, in words.
"""

from collections.abc import Callable, Iterator
from typing import Any

from places import CHECK, FILES, Backend, Place

from rigtasks.errors import RigError
from rigtasks.github.checks import (
    CheckDraft,
    put_check_run,
    read_check_runs,
    read_check_suites,
    read_statuses,
)
from rigtasks.github.contents import read_branch_head, read_codeowners, read_file, read_tree
from rigtasks.github.identities import Account, Role
from rigtasks.github.issues import (
    Issue,
    comment_once,
    look_for_issue,
    read_comments,
    read_history,
    read_issue,
    read_last_text_edit,
)
from rigtasks.github.merge import MergeRequest, find_merge, is_on_base, merge
from rigtasks.github.pulls import (
    open_pull_request,
    read_commits,
    read_diff,
    read_files,
    read_open_pull_requests,
    read_pull_request,
    read_pull_requests_closing,
)
from rigtasks.github.repositories import read_permission, read_repository, read_required_checks
from rigtasks.github.reviews import (
    ReviewComment,
    ReviewDraft,
    ReviewEvent,
    post_review_once,
    read_reviews,
    read_threads,
    resolve_thread,
)

Finding = tuple[str, Any, Any]
ClientCall = Callable[[Backend, Place], Iterator[Finding]]

FIXED = "def price(x):\n    return round(x)\n"
ANOTHER = "def price(x):\n    return x\n"
NOWHERE = "0" * 40


def kind_of(error: Callable[[], Any]) -> str:
    """Name the error something ends with."""
    try:
        return f"no error but {error()!r}"
    except RigError as raised:
        return type(raised).__name__


def opened(place: Place) -> tuple[int, str]:
    """Open an issue and a pull request for it; return the pull request's number and head."""
    place.mona.create_issue(place.shop.full_name, "Prices are rounded down", "Please round.")
    head = place.branch("work", FIXED)
    pull = open_pull_request(
        place.api(Role.AUTHOR), branch="work", base="main", title="Round", body="Closes #1"
    )
    return pull.pull_request.number, head


def accounts(_backend: Backend, place: Place) -> Iterator[Finding]:
    yield "a person", place.as_person().account().login, "mona"
    yield "the kind of an App's account", place.api().account().type, "Bot"


def tokens(_backend: Backend, place: Place) -> Iterator[Finding]:
    push, read = place.github.push_token(place.shop), place.github.read_only_token(place.shop)
    yield "one token for two purposes", push.value == read.value, False
    yield "an hour", 3_000 < push.expires_at - push.minted_at <= 3_700, True
    yield "a wrong one", kind_of(lambda: read_repository(place.with_token("no"))), "BadCredentials"
    narrow = place.with_token(read.value)
    yield "reading with it", read_branch_head(narrow, "main"), place.head("main")
    writing = kind_of(lambda: comment(place, narrow))
    yield "writing with it", writing, "Forbidden"


def comment(place: Place, api: Any) -> Any:
    number = place.mona.create_issue(place.shop.full_name, "Prices")["number"]
    return api.write("POST", f"/issues/{number}/comments", {"body": "x"}, dict[str, Any])


def repository(backend: Backend, place: Place) -> Iterator[Finding]:
    found = read_repository(place.api())
    yield "what it is", (found.id, found.default_branch, found.archived), (
        place.shop.id, "main", False,
    )  # fmt: skip
    name = place.shop.full_name.partition("/")[2]
    backend.rename(place, f"{name}-renamed")
    renamed = read_repository(place.api()).full_name
    yield "under its former name", renamed, f"octo/{name}-renamed"


def contents(_backend: Backend, place: Place) -> Iterator[Finding]:
    api = place.api()
    head = place.head("main")
    yield "a branch", read_branch_head(api, "main"), head
    yield "no branch", read_branch_head(api, "feature/none"), None
    file = read_file(api, "price.py", ref=head)
    yield "a file", file and file.content.decode(), FILES["price.py"]
    yield "no file", read_file(api, "nothing.py", ref=head), None
    yield "a folder", read_file(api, "docs", ref=head), None
    owners = read_codeowners(api, ref=head)
    yield "owners", owners and owners.path, "docs/CODEOWNERS"
    listed = set(read_tree(api, head).files()) - {"README.md"}
    yield "all paths", listed, {"price.py", "docs/CODEOWNERS"}


def issues(_backend: Backend, place: Place) -> Iterator[Finding]:
    name, api = place.shop.full_name, place.api()
    number = place.mona.create_issue(name, "Prices", "Please round.")["number"]
    place.mona.label(name, number, "agent-ready", "bug")
    found = read_issue(api, number)
    author = found.user and found.user.login
    yield "its text", (found.title, found.body, author), ("Prices", "Please round.", "mona")
    yield "its labels", sorted(found.label_names), ["agent-ready", "bug"]
    yield "none of that number", kind_of(lambda: look_for_issue(api, 999)), "NotFound"


def history(_backend: Backend, place: Place) -> Iterator[Finding]:
    name, api = place.shop.full_name, place.api()
    number = place.mona.create_issue(name, "Prices", "Please round.")["number"]
    place.mona.label(name, number, "agent-ready")
    label = read_history(api, number).label_in_force("agent-ready")
    yield "who put a label on", label and label.actor and label.actor.login, "mona"
    place.mona.unlabel(name, number, "agent-ready")
    yield "a label gone", read_history(api, number).label_in_force("agent-ready"), None
    place.mona.edit_issue(name, number, title="Prices!")
    renamed = read_history(api, number).last_rename()
    yield "who changed the title", renamed and renamed.editor, "mona"


def text_edits(_backend: Backend, place: Place) -> Iterator[Finding]:
    name, api = place.shop.full_name, place.api()
    number = place.mona.create_issue(name, "Prices", "Please round.")["number"]
    place.mona.edit_issue(name, number, body="Please round up.")
    edit = read_last_text_edit(api, number, read_history(api, number))
    yield "who changed the text", edit and (edit.what, edit.editor), ("body", "mona")


def comments(_backend: Backend, place: Place) -> Iterator[Finding]:
    number = place.mona.create_issue(place.shop.full_name, "Prices")["number"]
    api = place.as_person()
    first = comment_once(api, number, key="status", body="Queued")
    again = comment_once(api, number, key="status", body="Queued")
    changed = comment_once(api, number, key="status", body="Working")
    yield "one comment", (again.id, changed.id), (first.id, first.id)
    bodies = [each.body for each in read_comments(api, number)]
    yield "its text", bodies, ["Working\n\n<!-- rig:status -->"]


def comments_of_an_app(_backend: Backend, place: Place) -> Iterator[Finding]:
    number = place.mona.create_issue(place.shop.full_name, "Prices")["number"]
    made = comment_once(place.api(), number, key="status", body="Queued")
    yield "its author", made.user and made.user.type, "Bot"


def pages(_backend: Backend, place: Place) -> Iterator[Finding]:
    for number in range(5):
        place.mona.create_issue(place.shop.full_name, f"Issue {number}")
    listed = place.api().pages("/issues", tuple[Issue, ...], per_page=2, direction="asc")
    yield "their sizes", [len(page) for page in listed], [2, 2, 1]
    numbers = [issue.number for page in listed for issue in page]
    yield "their order", numbers, [1, 2, 3, 4, 5]


def permissions(_backend: Backend, place: Place) -> Iterator[Finding]:
    api = place.api()

    def account(login: str) -> Account:
        return Account(id=place.mona.call("GET", f"/users/{login}")["id"], login=login)

    yield "of an owner", str(read_permission(api, account("mona"))), "admin"
    yield "of somebody else", str(read_permission(api, account("stranger"))), "read"
    yield "of nobody", str(read_permission(api, Account(id=9_999, login="nobody"))), "none"


def required_checks(backend: Backend, place: Place) -> Iterator[Finding]:
    found = read_required_checks(place.api(), "main")
    yield "without protection", (found.known, found.checks), (True, ())
    backend.protect(place)
    protected = read_required_checks(place.api(), "main")
    yield "with protection", [check.context for check in protected.checks], [CHECK]


def pull_requests(_backend: Backend, place: Place) -> Iterator[Finding]:
    number, head = opened(place)
    author = place.api(Role.AUTHOR)
    second = open_pull_request(author, branch="work", base="main", title="Again", body="")
    yield "a second one", (second.adopted, second.pull_request.number), (True, number)
    pull = read_pull_request(author, number)
    yield "its branches", (pull.head.ref, pull.head.sha, pull.base.ref), ("work", head, "main")
    yield "whether it can be merged", pull.mergeable, True
    listed = read_open_pull_requests(author, branch="work")
    yield "those of the branch", [each.number for each in listed], [number]
    closing = read_pull_requests_closing(author, 1, state="open")
    yield "those that close the issue", [each.number for each in closing], [number]
    refused = kind_of(
        lambda: open_pull_request(author, branch="none", base="main", title="T", body="")
    )
    yield "one without a branch", refused, "Unprocessable"
    moved = place.put("work", "more.txt", "more\n")
    yield "its head after a push", read_pull_request(author, number).head.sha, moved


def changes_of_pull_requests(_backend: Backend, place: Place) -> Iterator[Finding]:
    number, head = opened(place)
    api = place.api(Role.REVIEWER)
    files = [(file.filename, file.additions, file.deletions) for file in read_files(api, number)]
    yield "its files", files, [("price.py", 1, 1)]
    yield "its commits", [commit.sha for commit in read_commits(api, number)], [head]
    diff = read_diff(api, number).text
    yield "its diff", "+    return round(x)" in diff.splitlines(), True


def conflicts(_backend: Backend, place: Place) -> Iterator[Finding]:
    number, _ = opened(place)
    place.put("main", "price.py", ANOTHER)
    pull = read_pull_request(place.api(), number)
    yield "whether it can be merged", (pull.mergeable, pull.mergeable_state), (False, "dirty")


def reviews(_backend: Backend, place: Place) -> Iterator[Finding]:
    number, head = opened(place)
    api = place.api(Role.REVIEWER)
    draft = ReviewDraft(key="r1", commit_id=head, event=ReviewEvent.COMMENT, body="Fine")
    posted = post_review_once(api, number, draft)
    yield "posted again", post_review_once(api, number, draft).id, posted.id
    found = [(str(each.state), each.commit_id) for each in read_reviews(api, number)]
    yield "all of them", found, [("COMMENTED", head)]


def threads(_backend: Backend, place: Place) -> Iterator[Finding]:
    number, head = opened(place)
    remark = ReviewComment(path="price.py", line=2, body="Why?")
    draft = ReviewDraft(
        key="r1", commit_id=head, event=ReviewEvent.COMMENT, body="One", comments=(remark,)
    )
    post_review_once(place.api(Role.REVIEWER), number, draft)
    (thread,) = read_threads(place.api(), number)
    yield "a thread", (thread.path, thread.line, thread.is_resolved), ("price.py", 2, False)
    resolve_thread(place.api(), thread.id)
    yield "resolved", read_threads(place.api(), number)[0].is_resolved, True


def check_runs(_backend: Backend, place: Place) -> Iterator[Finding]:
    api, head = place.api(), place.head("main")
    draft = CheckDraft(
        name="rig/merge-gate",
        head_sha=head,
        external_id="gate",
        status="completed",
        conclusion="success",
        title="Merged",
        summary="All gates held.",
    )
    made = api.write("POST", "/check-runs", {"name": draft.name, "head_sha": head}, dict[str, Any])
    yield "its App", bool(made["app"]), True
    first = put_check_run(api, draft)
    yield "put again", put_check_run(api, draft).id, first.id
    (newest, *_) = [run for run in read_check_runs(api, head) if run.external_id == "gate"]
    yield "how it reads", (newest.status, newest.conclusion), ("completed", "success")


def check_suites(_backend: Backend, place: Place) -> Iterator[Finding]:
    api, head = place.api(), place.head("main")
    api.write("POST", "/check-runs", {"name": "tests", "head_sha": head}, dict[str, Any])
    found = [suite.latest_check_runs_count for suite in read_check_suites(api, head)]
    yield "runs of the suite", found, [1]


def statuses(_backend: Backend, place: Place) -> Iterator[Finding]:
    head = place.head("main")
    for state in ("pending", "success"):
        place.call("POST", f"/statuses/{head}", {"state": state, "context": "ci"})
    found = [(each.context, each.state) for each in read_statuses(place.api(), head)]
    yield "the newest", found, [("ci", "success")]


def merges(_backend: Backend, place: Place) -> Iterator[Finding]:
    number, head = opened(place)
    api = place.api()

    def request(sha: str) -> MergeRequest:
        return MergeRequest(
            number=number,
            head_sha=sha,
            base_ref="main",
            title=f"Round prices (#{number})",
            message="By run-1",
            marker="run-1",
        )

    yield "before", find_merge(api, request(head)), None
    merged = merge(api, request(head))
    yield "the outcome", type(merged).__name__, "Merged"
    found = find_merge(api, request(head))
    yield "afterwards", found and found.sha, getattr(merged, "sha", "nothing")
    yield "on the base", found and is_on_base(api, "main", found.sha), True
    yield "the branch on the base", is_on_base(api, "main", head), False
    yield "the issue", read_issue(api, 1).state, "closed"


def refused_merges(_backend: Backend, place: Place) -> Iterator[Finding]:
    number, head = opened(place)

    def outcome(sha: str) -> str:
        request = MergeRequest(
            number=number, head_sha=sha, base_ref="main", title="T", message="M", marker="M"
        )
        try:
            return type(merge(place.api(), request)).__name__
        except RigError as error:
            return type(error).__name__

    yield "at another head", outcome(NOWHERE), "HeadMoved"
    outcome(head)
    yield "twice", outcome(head), "NotMergeable"


CALLS: tuple[ClientCall, ...] = (
    accounts, tokens, repository, contents, issues, history, text_edits, comments,
    comments_of_an_app, pages, permissions, required_checks, pull_requests,
    changes_of_pull_requests, conflicts, reviews, threads, check_runs, check_suites, statuses,
    merges, refused_merges,
)  # fmt: skip


def differences(call: ClientCall, backend: Backend) -> tuple[int, list[str]]:
    """Run one call; return how much was looked at, and each difference in a sentence.

    A call that ends with an error of the client is a difference with that error's words.
    """
    name = call.__name__
    place = backend.place(name.replace("_", "-"))
    looked, found = 0, []
    try:
        for words, seen, wanted in call(backend, place):
            looked += 1
            if seen != wanted:
                found.append(f"{name}: {words}: {seen!r}, not {wanted!r}")
    except (RigError, ValueError) as error:
        looked += 1
        found.append(f"{name}: {type(error).__name__}: {error}")
    return looked, found
