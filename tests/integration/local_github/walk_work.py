"""Steps of the walk: issues, pull requests, reviews, checks, and GraphQL."""

from every_route import Json, Walk
from walk_contents import write


def issues(walk: Walk) -> None:
    shop, mona = walk.shop, walk.mona
    shop(mona, "POST", "/labels", {"name": "p1", "color": "ff0000", "description": "Urgent"})
    assert shop(mona, "GET", "/labels/p1")["color"] == "ff0000"
    assert {one["name"] for one in shop(mona, "GET", "/labels")} >= {"p1", "agent-ready"}
    number = shop(mona, "POST", "/issues", {"title": "A", "body": "b"})["number"]
    one = f"/issues/{number}"
    shop(mona, "PATCH", one, {"title": "B"})
    assert shop(mona, "GET", one)["title"] == "B"
    assert number in {each["number"] for each in shop(mona, "GET", "/issues")}
    shop(mona, "POST", f"{one}/labels", {"labels": ["p1"]})
    shop(mona, "PUT", f"{one}/labels", {"labels": ["agent-ready", "p1"]})
    shop(mona, "DELETE", f"{one}/labels/p1")
    assert [each["name"] for each in shop(mona, "GET", f"{one}/labels")] == ["agent-ready"]
    comment = shop(walk.hubot, "POST", f"{one}/comments", {"body": "Mine."})
    assert shop(mona, "GET", f"{one}/comments")[0]["id"] == comment["id"]
    said = f"/issues/comments/{comment['id']}"
    shop(walk.hubot, "PATCH", said, {"body": "Still mine."})
    assert shop(mona, "GET", said)["body"] == "Still mine."
    shop(walk.hubot, "DELETE", said)
    happened = [each["event"] for each in shop(mona, "GET", f"{one}/events")]
    assert happened[0] == "renamed"
    assert "labeled" in {each["event"] for each in shop(mona, "GET", f"{one}/timeline")}
    assert shop(mona, "GET", "/issues/events")[0]["issue"]["number"] == number


def checks(walk: Walk) -> None:
    shop, mona, app = walk.shop, walk.mona, walk.installed("conductor")
    sha = shop(mona, "GET", "/git/ref/heads/work")["object"]["sha"]
    note = {
        "path": "a.txt",
        "start_line": 1,
        "end_line": 1,
        "annotation_level": "notice",
        "message": "Look",
    }
    output = {"title": "Tests", "summary": "One note", "annotations": [note]}
    made = shop(app, "POST", "/check-runs", {"name": "test", "head_sha": sha, "output": output})
    one = f"/check-runs/{made['id']}"
    shop(app, "PATCH", one, {"conclusion": "success"})
    found = shop(app, "GET", one)
    assert (found["status"], found["conclusion"]) == ("completed", "success")
    assert [each["message"] for each in shop(app, "GET", f"{one}/annotations")] == ["Look"]
    assert shop(app, "GET", f"/commits/{sha}/check-runs")["total_count"] == 1
    (suite,) = shop(app, "GET", f"/commits/{sha}/check-suites")["check_suites"]
    assert shop(app, "GET", f"/check-suites/{suite['id']}")["head_sha"] == sha
    assert shop(app, "GET", f"/check-suites/{suite['id']}/check-runs")["total_count"] == 1
    shop(mona, "POST", f"/statuses/{sha}", {"state": "success", "context": "ci"})
    assert [each["context"] for each in shop(mona, "GET", f"/commits/{sha}/statuses")] == ["ci"]
    assert shop(mona, "GET", f"/commits/{sha}/status")["state"] == "success"


def pulls(walk: Walk) -> None:
    shop, mona, hubot = walk.shop, walk.mona, walk.hubot
    pull = shop(mona, "POST", "/pulls", {"title": "T", "head": "work", "base": "main"})
    one = f"/pulls/{pull['number']}"
    shop(mona, "PATCH", one, {"body": "Closes #1"})
    assert shop(mona, "GET", one)["body"] == "Closes #1"
    assert [each["number"] for each in shop(mona, "GET", "/pulls")] == [pull["number"]]
    assert [each["filename"] for each in shop(mona, "GET", f"{one}/files")] == ["a.txt"]
    assert len(shop(mona, "GET", f"{one}/commits")) == 1
    run_again(walk, pull["head"]["sha"])
    asked = f"{one}/requested_reviewers"
    shop(mona, "POST", asked, {"reviewers": ["hubot"]})
    assert [each["login"] for each in shop(mona, "GET", asked)["users"]] == ["hubot"]
    shop(mona, "DELETE", asked, {"reviewers": ["hubot"]})
    reviews(walk, one, pull["head"]["sha"])
    write(walk, "main", "c.txt", "c\n")
    shop(mona, "PUT", f"{one}/update-branch", {})
    shop(hubot, "POST", f"{one}/reviews", {"event": "APPROVE"})
    assert shop(mona, "PUT", f"{one}/merge", {"merge_method": "squash"})["merged"] is True
    shop(mona, "GET", f"{one}/merge")
    assert shop(mona, "GET", "/issues/1")["state"] == "closed"


def run_again(walk: Walk, sha: str) -> None:
    """Ask the sandbox's own CI to run a job once more, as only it can."""
    shop, app = walk.shop, walk.installed("conductor")
    walk.until_idle()
    where = {"check_name": "unit tests", "filter": "all"}
    (run,) = shop(app, "GET", f"/commits/{sha}/check-runs", **where)["check_runs"]
    assert run["status"] == "completed"
    shop(app, "POST", f"/check-runs/{run['id']}/rerequest")
    assert shop(app, "GET", f"/commits/{sha}/check-runs", **where)["total_count"] == 2


def reviews(walk: Walk, pull: str, sha: str) -> None:
    shop, mona, hubot = walk.shop, walk.mona, walk.hubot
    discarded = shop(hubot, "POST", f"{pull}/reviews", {"body": "Hm."})
    shop(hubot, "DELETE", f"{pull}/reviews/{discarded['id']}")
    line = {"path": "a.txt", "line": 1, "body": "Why?"}
    made = shop(hubot, "POST", f"{pull}/reviews", {"body": "Hm.", "comments": [line]})
    one = f"{pull}/reviews/{made['id']}"
    shop(hubot, "POST", f"{one}/events", {"event": "REQUEST_CHANGES"})
    shop(hubot, "PUT", one, {"body": "Please change it."})
    assert shop(mona, "GET", one)["state"] == "CHANGES_REQUESTED"
    assert [each["id"] for each in shop(mona, "GET", f"{pull}/reviews")] == [made["id"]]
    (first,) = shop(mona, "GET", f"{one}/comments")
    reply = shop(mona, "POST", f"{pull}/comments/{first['id']}/replies", {"body": "Because."})
    said = f"/pulls/comments/{reply['id']}"
    shop(mona, "PATCH", said, {"body": "It has to be."})
    assert shop(hubot, "GET", said)["in_reply_to_id"] == first["id"]
    other = {"path": "a.txt", "line": 2, "side": "RIGHT", "commit_id": sha, "body": "And this?"}
    shop(hubot, "POST", f"{pull}/comments", other)
    assert len(shop(mona, "GET", f"{pull}/comments")) == 3
    shop(mona, "DELETE", said)
    assert len(shop(mona, "GET", "/pulls/comments")) == 2
    shop(mona, "PUT", f"{one}/dismissals", {"message": "It is as it must be."})


THREADS = """
query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) { id reviewThreads(first: 9) { nodes { id isResolved } } }
  }
}
"""
RESOLVE = """
mutation($input: ResolveReviewThreadInput!) {
  resolveReviewThread(input: $input) { thread { id isResolved resolvedBy { login } } }
}
"""


def graphql(walk: Walk) -> None:
    number = walk.shop(walk.mona, "GET", "/pulls", state="all")[0]["number"]
    names = {"owner": "acme", "name": "shop", "number": number}
    asked = ask(walk, THREADS, names)["repository"]["pullRequest"]["reviewThreads"]["nodes"]
    assert [one["isResolved"] for one in asked] == [False, False]
    done = ask(walk, RESOLVE, {"input": {"threadId": asked[0]["id"]}})
    assert done["resolveReviewThread"]["thread"]["isResolved"] is True


def ask(walk: Walk, query: str, variables: Json) -> Json:
    answer = walk.mona.call("POST", "/graphql", {"query": query, "variables": variables})
    assert "errors" not in answer, answer
    return dict(answer["data"])


STEPS = (issues, checks, pulls, graphql)
