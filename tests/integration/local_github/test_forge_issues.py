"""Issues: events that tell who labelled, edits that cannot be hidden, closing words."""

import pytest
from forge_scene import Scene

EDITS = """
{ repository(owner: "acme", name: "shop") { issue(number: 1) {
  lastEditedAt editor { login } userContentEdits(first: 5) { nodes { editedAt editor { login } } }
} } }
"""
CLOSING = """
query($number: Int!) { repository(owner: "acme", name: "shop") { pullRequest(number: $number) {
  closingIssuesReferences(first: 5) { nodes { number repository { nameWithOwner } } }
} } }
"""


def test_the_label_event_names_who_applied_it_and_when(scene: Scene) -> None:
    # given an issue labelled by somebody else than its author
    helper = scene.seeder.person("hana")
    scene.seeder.set_roles(scene.repo, {"hana": "write"})
    scene.owner.create_issue(scene.repo, "A", "b")
    helper.label(scene.repo, 1, "agent-ready", "p1")
    helper.unlabel(scene.repo, 1, "p1")
    # then the events say so
    events = scene.call(scene.owner, "GET", "/issues/1/events")
    told = [(event["event"], event["label"]["name"], event["actor"]["login"]) for event in events]
    assert told == [
        ("labeled", "agent-ready", "hana"),
        ("labeled", "p1", "hana"),
        ("unlabeled", "p1", "hana"),
    ]
    assert events[0]["created_at"].endswith("Z")
    assert [row["name"] for row in scene.call(scene.owner, "GET", "/issues/1/labels")] == [
        "agent-ready"
    ]
    # and labelling again leaves no second trace
    helper.label(scene.repo, 1, "agent-ready")
    assert len(scene.call(scene.owner, "GET", "/issues/1/events")) == 3


def test_a_later_edit_is_seen(scene: Scene) -> None:
    scene.owner.create_issue(scene.repo, "A", "first")
    before = scene.owner.call("POST", "/graphql", {"query": EDITS})["data"]["repository"]["issue"]
    assert before == {"lastEditedAt": None, "editor": None, "userContentEdits": {"nodes": []}}
    # when title and body change
    scene.owner.edit_issue(scene.repo, 1, title="B", body="second")
    # then the timeline has the old title, GraphQL the edit, and the webhook both
    renamed = scene.call(scene.owner, "GET", "/issues/1/timeline")[-1]
    assert (renamed["event"], renamed["rename"]) == ("renamed", {"from": "A", "to": "B"})
    after = scene.owner.call("POST", "/graphql", {"query": EDITS})["data"]["repository"]["issue"]
    assert after["lastEditedAt"] == after["userContentEdits"]["nodes"][0]["editedAt"]
    assert after["editor"] == {"login": "olga"}
    scene.settled()
    (edited,) = scene.receiver.of("issues.edited")
    assert edited.payload["changes"] == {"title": {"from": "A"}, "body": {"from": "first"}}
    # and an edit that changes nothing tells nothing
    scene.owner.edit_issue(scene.repo, 1, title="B", body="second")
    scene.settled()
    assert len(scene.receiver.of("issues.edited")) == 1


def test_comments_are_told_edited_and_removed(scene: Scene) -> None:
    scene.owner.create_issue(scene.repo, "A")
    made = scene.call(scene.installed("conductor"), "POST", "/issues/1/comments", {"body": "one"})
    path = f"/issues/comments/{made['id']}"
    scene.call(scene.installed("conductor"), "PATCH", path, {"body": "two"})
    (shown,) = scene.call(scene.owner, "GET", "/issues/1/comments")
    assert (shown["body"], shown["user"]["login"]) == ("two", "rig-conductor[bot]")
    assert shown["performed_via_github_app"]["slug"] == "rig-conductor"
    scene.call(scene.owner, "DELETE", path)
    assert scene.call(scene.owner, "GET", "/issues/1/comments") == []
    scene.settled()
    names = [name for name in scene.receiver.names() if name.startswith("issue_comment")]
    assert names == ["issue_comment.created", "issue_comment.edited", "issue_comment.deleted"]


@pytest.mark.parametrize(
    ("body", "closes"),
    [
        ("Closes #1", True),
        ("fixes: #1", True),
        ("Resolves acme/shop#1", True),
        ("See #1", False),
        ("Closes other/place#1", False),
        ("`Closes #1`", False),
        ("discloses #1", False),
        ("Closes #12", False),
    ],
)
def test_only_closing_words_link_an_issue(scene: Scene, body: str, *, closes: bool) -> None:
    scene.owner.create_issue(scene.repo, "A")
    author = scene.installed("author")
    scene.branch_with(author, "work", {"a.txt": "a\n"})
    pull = {"title": "T", "body": body, "head": "work", "base": "main"}
    number = scene.call(author, "POST", "/pulls", pull)["number"]
    variables = {"number": number}
    answer = author.call("POST", "/graphql", {"query": CLOSING, "variables": variables})
    found = answer["data"]["repository"]["pullRequest"]
    expected = [{"number": 1, "repository": {"nameWithOwner": "acme/shop"}}] if closes else []
    assert found["closingIssuesReferences"]["nodes"] == expected
    scene.call(scene.installed("conductor"), "PUT", f"/pulls/{number}/merge", {})
    state = scene.call(scene.owner, "GET", "/issues/1")["state"]
    assert state == ("closed" if closes else "open")
