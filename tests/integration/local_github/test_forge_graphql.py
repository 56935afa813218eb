"""GraphQL: the supported part, and plain refusals of everything else."""

from typing import Any

import pytest
from forge_scene import FIXED, Scene

from rigtasks.local.github.seeding import Api

Json = dict[str, Any]

THREADS = """
query Threads($number: Int!, $after: String) {
  repository(owner: "acme", name: "shop") {
    pullRequest(number: $number) {
      headRefOid mergeable reviewDecision
      reviewThreads(first: 2, after: $after) {
        totalCount
        nodes { ...thread }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
fragment thread on PullRequestReviewThread {
  id isResolved resolvedBy { login } path line
  comments(first: 1) { nodes { body databaseId author { login ... on Bot { databaseId } } } }
}
"""


def reviewed(scene: Scene) -> int:
    author = scene.installed("author")
    scene.branch_with(author, "work", {"price.py": FIXED, "a.txt": "1\n2\n3\n"})
    pull = {"title": "T", "head": "work", "base": "main"}
    number = scene.call(author, "POST", "/pulls", pull)["number"]
    comments = [{"path": "a.txt", "line": line, "body": f"line {line}"} for line in (1, 2, 3)]
    scene.call(
        scene.installed("reviewer"),
        "POST",
        f"/pulls/{number}/reviews",
        {"event": "REQUEST_CHANGES", "body": "x", "comments": comments},
    )
    return int(number)


def ask(api: Api, query: str, **variables: Any) -> Json:
    return dict(api.call("POST", "/graphql", {"query": query, "variables": variables}))


def test_threads_come_in_pages_and_are_resolved(scene: Scene) -> None:
    number, reviewer = reviewed(scene), scene.installed("reviewer")
    first = ask(reviewer, THREADS, number=number)["data"]["repository"]["pullRequest"]
    assert first["reviewDecision"] == "CHANGES_REQUESTED"
    page = first["reviewThreads"]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (3, True)
    assert [node["line"] for node in page["nodes"]] == [1, 2]
    author = page["nodes"][0]["comments"]["nodes"][0]["author"]
    assert author == {"login": "review-e", "databaseId": 200_102}
    cursor = page["pageInfo"]["endCursor"]
    rest = ask(reviewer, THREADS, number=number, after=cursor)
    last = rest["data"]["repository"]["pullRequest"]["reviewThreads"]
    assert ([node["line"] for node in last["nodes"]], last["pageInfo"]["hasNextPage"]) == (
        [3],
        False,
    )
    # when one is resolved and opened again
    thread = last["nodes"][0]["id"]
    for word, expected in (("resolve", True), ("unresolve", False)):
        mutation = (
            f"mutation($id: ID!) {{ changed: {word}ReviewThread(input: {{threadId: $id}}) "
            "{ thread { isResolved } } }"
        )
        answer = ask(scene.installed("conductor"), mutation, id=thread)
        assert answer == {"data": {"changed": {"thread": {"isResolved": expected}}}}
    scene.settled()
    told = [name for name in scene.receiver.names() if "review_thread" in name]
    assert told == ["pull_request_review_thread.resolved", "pull_request_review_thread.unresolved"]


@pytest.mark.parametrize(
    ("role", "narrowed"),
    [
        ("conductor", {"pull_requests": "read", "contents": "write"}),
        ("conductor", {"pull_requests": "write", "contents": "read"}),
        ("reviewer", {"pull_requests": "write"}),
    ],
)
def test_resolving_takes_both_permissions(
    scene: Scene, role: str, narrowed: dict[str, str]
) -> None:
    number = reviewed(scene)
    page = ask(scene.owner, THREADS, number=number)["data"]["repository"]["pullRequest"]
    thread = page["reviewThreads"]["nodes"][0]["id"]
    reader = scene.installed(role, permissions=narrowed)
    mutation = (
        "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { id } } }"
    )
    answer = ask(reader, mutation, id=thread)
    assert answer["errors"][0]["type"] == "FORBIDDEN"
    again = ask(scene.owner, THREADS, number=number)["data"]["repository"]["pullRequest"]
    assert again["reviewThreads"]["nodes"][0]["isResolved"] is False


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ('{ repository(owner: "acme", name: "shop") { stargazerCount } }', "undefinedField"),
        ('{ repository(owner: "acme", name: "shop") }', "selectionMismatch"),
        ('{ repository(owner: $who, name: "shop") { id } }', "variableNotDefined"),
        ("mutation { createIssue(input: {}) { issue { id } } }", "undefinedField"),
    ],
)
def test_what_is_not_supported_is_refused_whole(scene: Scene, query: str, code: str) -> None:
    answer = ask(scene.owner, query)
    assert "data" not in answer
    assert answer["errors"][0]["extensions"]["code"] == code
    assert answer["errors"][0]["locations"][0]["line"] == 1


def test_errors_are_told_beside_the_data(scene: Scene) -> None:
    answer = ask(scene.owner, '{ repository(owner: "acme", name: "nope") { id } }')
    assert answer["data"] == {"repository": None}
    assert answer["errors"][0]["type"] == "NOT_FOUND"
    number = reviewed(scene)
    unbounded = ask(
        scene.owner,
        'query($n: Int!) { repository(owner: "acme", name: "shop") { pullRequest(number: $n) '
        "{ number reviewThreads { nodes { id } } } } }",
        n=number,
    )
    assert unbounded["errors"][0]["type"] == "MISSING_PAGINATION_BOUNDARIES"
    assert unbounded["data"] == {"repository": {"pullRequest": None}}  # threads are never null
    assert "Expected" in ask(scene.owner, "{ repository(")["errors"][0]["message"]


def test_directives_and_the_schema_itself_are_understood(scene: Scene) -> None:
    answer = ask(
        scene.owner,
        "query($no: Boolean!) { viewer { login id @skip(if: $no) kind: __typename } }",
        no=True,
    )
    assert answer == {"data": {"viewer": {"login": "olga", "kind": "User"}}}
    told = ask(scene.owner, '{ __type(name: "IssueState") { enumValues { name } } }')
    assert told["data"]["__type"]["enumValues"] == [{"name": "OPEN"}, {"name": "CLOSED"}]
