"""Issues that an administrator moves to another repository."""

from conductor_scene import Scene

from rigtasks.routing.labels import READY

MOVE = """mutation($input: TransferIssueInput!) {
  transferIssue(input: $input) { issue { number labels(first: 5) { nodes { name } } } }
}"""


def move(scene: Scene, *, other_number: bool, private: bool = False) -> str:
    """Let an administrator move the issue, with its label, to another repository."""
    target = f"{scene.repo}-elsewhere"
    roles = {"omar": "admin"}
    scene.seeder.create_repository(target, files={"a": ""}, roles=roles, private=private)
    scene.operator.call("POST", f"/repos/{target}/labels", {"name": READY})
    if other_number:
        scene.operator.create_issue(target, "The first one there")
    old = scene.operator.call("GET", f"/repos/{scene.repo}/issues/{scene.number}")
    new = scene.operator.call("GET", f"/repos/{target}")
    given = {"issueId": old["node_id"], "repositoryId": new["node_id"]}
    query = {"query": MOVE, "variables": {"input": given}}
    moved = scene.operator.call("POST", "/graphql", query)["data"]["transferIssue"]["issue"]
    assert [label["name"] for label in moved["labels"]["nodes"]] == [READY]
    assert (moved["number"] == scene.number) is not other_number
    return target
