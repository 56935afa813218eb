"""Every field of the GraphQL schema is asked, and says what REST says of the same thing."""

from collections.abc import Iterator
from typing import Any

from common_ground import Ground, Json, Town
from graphql import (
    GraphQLAbstractType,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
)

from rigtasks.local.github.graphql import schema

#: What the fields with arguments of their own are given; connections get a first page.
GIVEN = {
    "Query.repository": "owner: $owner, name: $name",
    "Repository.issue": "number: $issue",
    "Repository.pullRequest": "number: $pull",
    "Repository.mergeQueue": "",
}
OBJECTS = {
    name: kind
    for name, kind in schema().type_map.items()
    if isinstance(kind, GraphQLObjectType) and not name.startswith("__")
}
#: Fields that lead back to what they were reached from.
FROM_BELOW = [
    "Issue.repository",
    "MergeQueue.repository",
    "PullRequest.headRepository",
    "PullRequest.repository",
]
LEFT = "mergeQueueEntry { position pullRequest { number } }"
CHECKS = {
    "type": "required_status_checks",
    "parameters": {"required_status_checks": [{"context": "test"}]},
}
QUEUE = {"type": "merge_queue", "parameters": {"merge_method": "SQUASH"}}
VARIABLES = "$owner: String!, $name: String!, $issue: Int!, $pull: Int!"


def selection(kind: GraphQLNamedType, above: tuple[str, ...] = ()) -> str:
    """Return every field of a type and of those below it, until a type comes round again."""
    if isinstance(kind, GraphQLAbstractType):
        parts = (
            f"... on {each.name} {selection(each, above)}"
            for each in schema().get_possible_types(kind)
        )
        return f"{{ __typename {' '.join(parts)} }}"
    assert isinstance(kind, GraphQLObjectType)
    below = (*above, kind.name)
    fields = (asked(kind.name, name, one, below) for name, one in kind.fields.items())
    return f"{{ __typename {' '.join(fields)} }}"


def asked(kind: str, name: str, field: GraphQLField, above: tuple[str, ...]) -> str:
    of = get_named_type(field.type)
    if of.name in above:
        return ""
    given = GIVEN.get(f"{kind}.{name}", "first: 5" if "first" in field.args else "")
    words = f"{name}({given})" if given else name
    return words if is_leaf_type(of) else f"{words} {selection(of, above)}"


def answered(node: Any) -> Iterator[str]:
    """Return the fields that an answer has, as `Type.field`."""
    if isinstance(node, list):
        for each in node:
            yield from answered(each)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name != "__typename" and "__typename" in node:
                yield f"{node['__typename']}.{name}"
            yield from answered(value)


def everything(ground: Ground, **numbers: int) -> Json:
    """Ask for all there is at once."""
    owner, _, name = ground.name.partition("/")
    query = f"query({VARIABLES}) {selection(schema().query_type)}"
    answer = ground.graphql(ground.owner, query, owner=owner, name=name, **numbers)
    assert "errors" not in answer, answer["errors"]
    return {"__typename": "Query", **answer["data"]}


def test_every_field_is_answered_and_as_rest_does(ground: Ground, town: Town) -> None:
    # given an issue with a label and another text, and a reviewed change in the merge queue
    ground.ruleset(CHECKS, QUEUE)
    ground.seeder.team("guild/readers", ["tina"], {ground.name.split("/")[1]: "read"})
    town.person("tina")
    issue = ground.owner.create_issue(ground.name, "Prices", "old")["number"]
    ground.owner.edit_issue(ground.name, issue, body="new")
    ground.owner.label(ground.name, issue, "agent-ready")
    pull = ground.pull("one", body=f"Closes #{issue}")
    number = pull["number"]
    wanted = {"reviewers": ["willy"], "team_reviewers": ["readers"]}
    ground.call(ground.app("author"), "POST", f"/pulls/{number}/requested_reviewers", wanted)
    remark = {"path": "one.txt", "line": 1, "body": "why?"}
    review = {"event": "APPROVE", "body": "fine", "comments": [remark]}
    reviewed = ground.call(ground.app("reviewer"), "POST", f"/pulls/{number}/reviews", review)
    ground.check(pull["head"]["sha"])
    ground.mutate(ground.app("conductor"), "enqueuePullRequest", {"pullRequestId": pull["node_id"]})

    # when everything is asked for
    said = everything(ground, issue=issue, pull=number)
    found = said["repository"]

    # then issue, change and review are those that REST shows
    told, shown = found["issue"], ground.call(ground.owner, "GET", f"/issues/{issue}")
    assert [told[name] for name in ("id", "databaseId", "title", "body", "createdAt")] == [
        shown[name] for name in ("node_id", "id", "title", "body", "created_at")
    ]
    assert (told["author"]["login"], told["closedAt"]) == ("olga", None)
    assert [one["color"] for one in told["labels"]["nodes"]] == [shown["labels"][0]["color"]]
    assert told["userContentEdits"]["totalCount"] == 1
    assert told["userContentEdits"]["nodes"][0]["diff"] == "new"
    change, shown = found["pullRequest"], ground.call(ground.owner, "GET", f"/pulls/{number}")
    assert [change[name] for name in ("id", "databaseId", "title", "body", "merged")] == [
        shown[name] for name in ("node_id", "id", "title", "body", "merged")
    ]
    assert [change[f"{side}Ref{end}"] for side in ("base", "head") for end in ("Name", "Oid")] == [
        shown[side][end] for side in ("base", "head") for end in ("ref", "sha")
    ]
    assert (change["state"], change["author"]["login"]) == ("OPEN", "dev-e")
    (verdict,) = change["reviews"]["nodes"]
    assert (verdict["databaseId"], verdict["state"], verdict["body"]) == (
        reviewed["id"], "APPROVED", "fine",
    )  # fmt: skip
    assert (verdict["commit"]["oid"], verdict["submittedAt"]) == (
        pull["head"]["sha"], reviewed["submitted_at"],
    )  # fmt: skip
    requested = [one["requestedReviewer"] for one in change["reviewRequests"]["nodes"]]
    assert [one.get("login") or one["name"] for one in requested] == ["willy", "readers"]
    (entry,) = found["mergeQueue"]["entries"]["nodes"]
    assert (entry["enqueuer"]["login"], entry["position"]) == ("rig-conductor", 1)
    assert (found["owner"]["login"], found["name"]) == tuple(ground.name.split("/"))
    assert (found["isPrivate"], found["isArchived"], found["databaseId"]) == (
        shown["base"]["repo"]["private"], False, shown["base"]["repo"]["id"],
    )  # fmt: skip
    # and no type has a field that nothing here was answered with
    of_changes = {kind for kind in OBJECTS if kind == "Mutation" or kind.endswith("Payload")}
    every = {
        f"{kind}.{name}" for kind in OBJECTS.keys() - of_changes for name in OBJECTS[kind].fields
    }
    assert sorted(every - set(answered(said))) == FROM_BELOW


def test_a_change_tells_what_it_changed(ground: Ground) -> None:
    ground.ruleset(CHECKS, QUEUE)
    pull = ground.pull("one")
    ground.check(pull["head"]["sha"])
    by, given = ground.app("conductor"), {"pullRequestId": pull["node_id"]}
    ground.mutate(by, "enqueuePullRequest", given)

    left = ground.mutate(by, "dequeuePullRequest", {"id": pull["node_id"]}, LEFT)
    draft = ground.mutate(by, "convertPullRequestToDraft", given, "pullRequest { isDraft number }")

    entry = left["data"]["dequeuePullRequest"]["mergeQueueEntry"]
    assert (entry["position"], entry["pullRequest"]["number"]) == (1, pull["number"])
    told = draft["data"]["convertPullRequestToDraft"]["pullRequest"]
    assert told == {"isDraft": True, "number": pull["number"]}
