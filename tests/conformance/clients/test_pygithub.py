"""PyGithub: a person, an App and its installation work on one issue."""

from collections.abc import Iterator

import pytest
from client_town import Town
from github import Auth, BadCredentialsException, Github, GithubException, GithubIntegration
from github.Repository import Repository

FIXED = "def price(x):\n    return round(x)\n"


def signed_in(url: str, auth: Auth.Auth) -> Github:
    return Github(base_url=url, auth=auth, seconds_between_requests=0, seconds_between_writes=0)


@pytest.fixture
def mona(town: Town) -> Iterator[Github]:
    with signed_in(town.url, Auth.Token(town.mona.token)) as client:
        yield client


@pytest.fixture
def app(town: Town) -> Iterator[Repository]:
    """The repository as an installation of the conductor's App sees it."""
    app = town.apps["conductor"]
    signer = Auth.AppAuth(app["app_id"], town.key_of("conductor"))
    with GithubIntegration(auth=signer, base_url=town.url) as integration:
        assert integration.get_app().id == app["app_id"]
        installation = integration.get_repo_installation(*town.repo.split("/"))
        token = integration.get_access_token(installation.id)
    with signed_in(town.url, Auth.Token(token.token)) as client:
        yield client.get_repo(town.repo)


def pushed(repo: Repository) -> str:
    """Make the branch `work` with a commit that rounds, and return the commit."""
    repo.create_git_ref("refs/heads/work", repo.get_branch("main").commit.sha)
    old = repo.get_contents("price.py", ref="work")
    assert not isinstance(old, list)
    made = repo.update_file("price.py", "fix: round", FIXED, old.sha, branch="work")
    commit = repo.get_commit(made["commit"].sha)
    assert (commit.commit.author.name, commit.author.login) == ("Mona", "mona")
    return commit.sha


def test_pygithub_talks_on_an_issue(town: Town, mona: Github) -> None:
    repo = mona.get_repo(town.repo)
    issue = repo.create_issue("Prices", "Please round.", labels=["bug"])
    issue.add_to_labels("agent-ready")
    issue.remove_from_labels("bug")
    comment = issue.create_comment("One")
    comment.edit("Two")
    issue.edit(title="Prices!")

    again = repo.get_issue(issue.number)
    assert (again.title, again.user.login) == ("Prices!", "mona")
    assert [label.name for label in again.labels] == ["agent-ready"]
    assert [each.body for each in again.get_comments()] == ["Two"]
    events = [event.event for event in again.get_events()]
    assert events == ["labeled", "labeled", "unlabeled", "renamed"]
    comment.delete()
    assert list(again.get_comments()) == []
    again.edit(state="closed")
    assert repo.get_issue(issue.number).state == "closed"


def test_pygithub_pages_through_lists(town: Town, mona: Github) -> None:
    mona.per_page = 2
    repo = mona.get_repo(town.repo)
    for number in range(5):
        repo.create_issue(f"Issue {number}")
    issues = repo.get_issues(direction="asc")
    assert issues.totalCount == 5
    assert [issue.number for issue in issues] == [1, 2, 3, 4, 5]
    assert [issue.number for issue in issues.reversed] == [5, 4, 3, 2, 1]
    assert [issue.number for issue in issues.get_page(1)] == [3, 4]


def test_pygithub_writes_files_and_branches(town: Town, mona: Github) -> None:
    repo = mona.get_repo(town.repo)
    made = repo.create_file("docs/notes.md", "docs: notes", "# Notes\n")
    content = repo.get_contents("docs/notes.md")
    assert not isinstance(content, list)
    assert content.decoded_content == b"# Notes\n"
    with pytest.raises(GithubException) as refused:
        repo.update_file("docs/notes.md", "docs: more", "# More\n", "0" * 40)
    assert refused.value.status == 409
    with pytest.raises(GithubException) as missing:
        repo.create_file("docs/notes.md", "docs: again", "# Again\n")
    assert missing.value.status == 422
    repo.delete_file("docs/notes.md", "docs: none", content.sha)
    assert [one.path for one in repo.get_git_tree("main", recursive=True).tree] == [
        "README.md",
        "price.py",
    ]
    pushed(repo)
    assert [branch.name for branch in repo.get_branches()] == ["main", "work"]
    compared = repo.compare("main", "work")
    assert (compared.ahead_by, [file.filename for file in compared.files]) == (1, ["price.py"])
    commits = [commit.sha for commit in repo.get_commits("main")]
    assert commits[1] == made["commit"].sha
    repo.get_git_ref("heads/work").delete()
    assert [branch.name for branch in repo.get_branches()] == ["main"]


def test_pygithub_reviews_and_merges(town: Town, mona: Github, app: Repository) -> None:
    repo = mona.get_repo(town.repo)
    issue = repo.create_issue("Prices", "Please round.")
    head = pushed(repo)
    pull = repo.create_pull("main", "work", title="Round", body=f"Closes #{issue.number}")
    assert [(file.filename, file.changes) for file in pull.get_files()] == [("price.py", 2)]
    assert [commit.sha for commit in pull.get_commits()] == [head]

    remark = {"path": "price.py", "line": 2, "body": "Why?"}
    seen = app.get_pull(pull.number)
    commit = app.get_commit(head)
    asked = seen.create_review(commit, "No", "REQUEST_CHANGES", comments=[remark])
    assert (asked.state, asked.user.type) == ("CHANGES_REQUESTED", "Bot")
    (told,) = pull.get_review_comments()
    assert pull.create_review_comment_reply(told.id, "Because").in_reply_to_id == told.id
    asked.dismiss("Explained")
    seen.create_review(commit, "Fine", "APPROVE")
    assert [review.state for review in pull.get_reviews()] == ["DISMISSED", "COMMENTED", "APPROVED"]

    app.create_check_run("tests", head, status="completed", conclusion="success")
    assert [run.conclusion for run in repo.get_commit(head).get_check_runs()] == ["success"]
    repo.get_commit(head).create_status("success", "https://example.invalid", "Passed", "ci")
    assert repo.get_commit(head).get_combined_status().state == "success"

    with pytest.raises(GithubException) as moved:
        seen.merge(sha="0" * 40)
    assert moved.value.status == 409
    merged = seen.merge(merge_method="squash", sha=head, commit_title="Round (#2)")
    assert merged.merged
    assert repo.get_pull(pull.number).merge_commit_sha == merged.sha
    assert repo.get_issue(issue.number).state == "closed"


def test_pygithub_knows_its_limits(town: Town, mona: Github) -> None:
    assert mona.get_user().login == "mona"
    assert mona.get_rate_limit().rate.remaining > 0
    before, _ = mona.rate_limiting
    mona.get_repo(town.repo)
    assert mona.rate_limiting[0] == before - 1
    with signed_in(town.url, Auth.Token("no")) as stranger, pytest.raises(BadCredentialsException):
        stranger.get_repo(town.repo)
