"""Who may make which change by GraphQL: every mutation of the schema with every kind of caller."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import requests
from common_ground import GUILD, Ground, Json, Town, new_ground

from rigtasks.local.github.graphql import schema
from rigtasks.local.github.model import Row
from rigtasks.local.github.seeding import Api
from rigtasks.local.github.state import Table

TEST = {
    "type": "required_status_checks",
    "parameters": {"required_status_checks": [{"context": "test"}]},
}
ROLES = {"olga": "admin", "willy": "write", "rita": "read"}
QUEUE = {"type": "merge_queue", "parameters": {"merge_method": "SQUASH"}}
THREADS = """
query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) { reviewThreads(first: 2) { nodes { id } } }
  }
}
"""
#: What moves of itself: the log of webhooks, and the tokens of those who ask.
NOT_COMPARED = frozenset({"deliveries", "tokens"})
NOT_FOUND, FORBIDDEN = "NOT_FOUND", "FORBIDDEN"
BY_INTEGRATION = "Resource not accessible by integration"
#: What makes it no wonder that an App is refused: everything but this.
ALL = {"contents": "write", "issues": "write", "pull_requests": "write", "metadata": "read"}


@dataclass
class Scenery:
    """A repository in which every mutation has something to change."""

    ground: Ground
    target: Json
    reviewed: str
    thread: str
    resolved: str
    draft: str
    ready: str
    queued: str
    issue: str

    def whole(self) -> dict[str, list[Row]]:
        """Return every row of the sandbox."""
        state = self.ground.town.sandbox.state
        with state.lock:
            return {
                name: list(table.all())
                for name, table in vars(state).items()
                if isinstance(table, Table) and name not in NOT_COMPARED
            }


@dataclass(frozen=True)
class Mutation:
    """What to ask for, and which permissions of an App are just enough.

    Args:
        given: its input.
        needs: the least an App must have.
        by_readers: whether whoever reads the repository may do it.
    """

    given: Callable[[Scenery], Json]
    needs: dict[str, str]
    by_readers: bool = False


PULLS = {"pull_requests": "write"}
BOTH = {"pull_requests": "write", "contents": "write"}
MUTATIONS = {
    "resolveReviewThread": Mutation(lambda s: {"threadId": s.thread}, BOTH),
    "unresolveReviewThread": Mutation(lambda s: {"threadId": s.resolved}, BOTH),
    "addPullRequestReviewThreadReply": Mutation(
        lambda s: {"pullRequestReviewThreadId": s.thread, "body": "I see."}, PULLS, by_readers=True
    ),
    "convertPullRequestToDraft": Mutation(lambda s: {"pullRequestId": s.reviewed}, PULLS),
    "markPullRequestReadyForReview": Mutation(lambda s: {"pullRequestId": s.draft}, PULLS),
    "enqueuePullRequest": Mutation(lambda s: {"pullRequestId": s.ready}, BOTH),
    "dequeuePullRequest": Mutation(lambda s: {"id": s.queued}, BOTH),
    "transferIssue": Mutation(
        lambda s: {"issueId": s.issue, "repositoryId": s.target["node_id"]}, {"issues": "write"}
    ),
}


def set_up(ground: Ground) -> Scenery:
    ground.ruleset(TEST, QUEUE)
    target = f"{ground.name}-too"
    made = ground.seeder.create_repository(target, files={"x": "y\n"}, roles=ROLES)
    ground.seeder.set_roles(ground.name, ROLES)
    pulls = {name: ground.pull(name) for name in ("reviewed", "ready", "queued")}
    draft = ground.pull("draft", draft=True)
    comments = [{"path": "reviewed.txt", "line": 1, "body": body} for body in ("Why?", "How?")]
    number = pulls["reviewed"]["number"]
    review = {"event": "COMMENT", "body": "Hm.", "comments": comments}
    ground.call(ground.app("reviewer"), "POST", f"/pulls/{number}/reviews", review)
    for name in ("ready", "queued"):
        ground.check(pulls[name]["head"]["sha"])
    change(
        ground, ground.owner, "enqueuePullRequest", {"pullRequestId": pulls["queued"]["node_id"]}
    )
    owner, _, short = ground.name.partition("/")
    found = ground.graphql(ground.owner, THREADS, owner=owner, name=short, number=number)["data"]
    thread, resolved = found["repository"]["pullRequest"]["reviewThreads"]["nodes"]
    change(ground, ground.owner, "resolveReviewThread", {"threadId": resolved["id"]})
    return Scenery(
        ground=ground,
        target=made,
        reviewed=pulls["reviewed"]["node_id"],
        thread=thread["id"],
        resolved=resolved["id"],
        draft=draft["node_id"],
        ready=pulls["ready"]["node_id"],
        queued=pulls["queued"]["node_id"],
        issue=ground.call(ground.owner, "POST", "/issues", {"title": "T"})["node_id"],
    )


def change(ground: Ground, api: Api, name: str, given: Json) -> None:
    answer = ground.mutate(api, name, given)
    assert "errors" not in answer, answer
    assert answer["data"][name] is not None


def app(scenery: Scenery, permissions: dict[str, str]) -> Api:
    """Act with a token of the conductor's App that has just these permissions."""
    return scenery.ground.town.installed(
        "conductor", scenery.ground.name, permissions={"metadata": "read", **permissions}
    )


def refusal(scenery: Scenery, api: Api, name: str) -> tuple[str, str]:
    """Ask for a change that must be refused, and return the error's type and message."""
    before = scenery.whole()
    answer = scenery.ground.mutate(api, name, MUTATIONS[name].given(scenery))
    assert answer["data"] == {name: None}
    (error,) = answer["errors"]
    assert error["path"] == [name]
    assert {"line", "column"} == set(error["locations"][0])
    assert scenery.whole() == before, "refused, and changed all the same"
    return error["type"], error["message"]


@pytest.fixture(scope="module")
def scenery(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Scenery:
    """One for every refusal: none of them changes anything."""
    return set_up(new_ground(town, tmp_path_factory.mktemp("mutations")))


def test_every_mutation_of_the_schema_has_a_row() -> None:
    mutations = schema().mutation_type
    assert mutations is not None
    assert set(mutations.fields) == set(MUTATIONS)


@pytest.mark.parametrize("name", MUTATIONS)
@pytest.mark.parametrize("token", [None, "nonsense"])
def test_nobody_changes_anything(scenery: Scenery, name: str, token: str | None) -> None:
    before = scenery.whole()
    given = MUTATIONS[name].given(scenery)
    kind = f"{name[0].upper()}{name[1:]}Input!"
    answer = requests.post(
        f"{scenery.ground.town.sandbox.url}/graphql",
        json={
            "query": f"mutation($input: {kind}) {{ {name}(input: $input) {{ clientMutationId }} }}",
            "variables": {"input": given},
        },
        headers={} if token is None else {"Authorization": f"Bearer {token}"},
        timeout=30,
    )
    said = "This endpoint requires you to be authenticated." if token is None else "Bad credentials"
    assert (answer.status_code, answer.json()["message"]) == (401, said)
    assert "documentation_url" in answer.json()
    assert scenery.whole() == before


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_stranger_is_not_told_that_it_is_there(scenery: Scenery, name: str) -> None:
    kind, said = refusal(scenery, scenery.ground.town.person("sven"), name)
    assert kind == NOT_FOUND
    first = next(iter(MUTATIONS[name].given(scenery).values()))
    assert said == f"Could not resolve to a node with the global id of '{first}'"


@pytest.mark.parametrize("name", [name for name, one in MUTATIONS.items() if not one.by_readers])
def test_who_may_only_read_is_forbidden_to_change(scenery: Scenery, name: str) -> None:
    kind, said = refusal(scenery, scenery.ground.town.person("rita"), name)
    assert kind == FORBIDDEN
    assert said.startswith("Must have ")


@pytest.mark.parametrize("name", MUTATIONS)
def test_an_app_without_the_permission_is_refused(scenery: Scenery, name: str) -> None:
    needs = MUTATIONS[name].needs
    for one in needs:
        for level in ({}, {one: "read"}):
            rest = {other: word for other, word in ALL.items() if other != one}
            assert refusal(scenery, app(scenery, {**rest, **level}), name) == (
                FORBIDDEN,
                BY_INTEGRATION,
            )
    assert refusal(scenery, app(scenery, dict.fromkeys(needs, "read")), name) == (
        FORBIDDEN,
        BY_INTEGRATION,
    )


@pytest.mark.parametrize("name", MUTATIONS)
def test_an_app_of_other_repositories_is_not_told_that_it_is_there(
    scenery: Scenery, name: str
) -> None:
    other = scenery.target["name"]
    elsewhere = scenery.ground.town.installed("conductor", f"{GUILD}/{other}", repositories=[other])
    assert refusal(scenery, elsewhere, name)[0] == NOT_FOUND


def test_just_what_is_needed_is_enough(ground: Ground) -> None:
    scenery = set_up(ground)
    for name, mutation in MUTATIONS.items():
        before = scenery.whole()
        change(ground, app(scenery, mutation.needs), name, mutation.given(scenery))
        assert scenery.whole() != before, f"{name} was taken, and changed nothing"


def test_who_reads_may_answer(ground: Ground) -> None:
    scenery = set_up(ground)
    reader = ground.town.person("rita")
    for name in (name for name, one in MUTATIONS.items() if one.by_readers):
        before = scenery.whole()
        change(ground, reader, name, MUTATIONS[name].given(scenery))
        assert scenery.whole() != before


def test_an_issue_goes_only_where_one_may_write_too(scenery: Scenery) -> None:
    ground = scenery.ground
    someone = ground.town.person("tara")
    for role, expected in (("none", NOT_FOUND), ("read", FORBIDDEN)):
        ground.seeder.set_roles(ground.name, {**ROLES, "tara": "write"})
        ground.seeder.set_roles(scenery.target["full_name"], {**ROLES, "tara": role})
        assert refusal(scenery, someone, "transferIssue")[0] == expected
        ground.seeder.set_roles(ground.name, {**ROLES, "tara": role})
        ground.seeder.set_roles(scenery.target["full_name"], {**ROLES, "tara": "write"})
        assert refusal(scenery, someone, "transferIssue")[0] == expected
