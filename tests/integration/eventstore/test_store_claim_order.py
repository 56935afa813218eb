"""The claim query against its pure model, over random rooms full of waiting issues."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rigtasks.eventstore.claims import Claimed, Limits
from rigtasks.eventstore.codec import encode
from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.engine import Database
from rigtasks.routing import admission
from rigtasks.routing.internal import InternalRepositories, RepositoryRef
from rigtasks.routing.labels import Priority
from rigtasks.routing.stack import Queue

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
QUEUES = (Queue.DEV_E_PYTHON, Queue.DEV_E_NODE, Queue.REVIEW_E)
REPOSITORIES = st.integers(1, 3)
LIMIT = st.none() | st.integers(0, 4)

waiting = st.builds(
    dict,
    repo_id=REPOSITORIES,
    queue=st.sampled_from(QUEUES),
    priority=st.sampled_from(list(Priority)),
    age=st.integers(0, 2),
    open_dependencies=st.sampled_from((0, 0, 0, 1)),
)
busy = st.builds(dict, repo_id=REPOSITORIES, queue=st.sampled_from(QUEUES))
scopes = st.sampled_from(("rig", "repo:1", "repo:2", "issue:1:1:1", "issue:2:2:1", "issue:3:3:1"))


class Room(msgspec.Struct, frozen=True):
    waiting: list[dict[str, Any]]
    busy: list[dict[str, Any]]
    limits: Limits
    paused: set[str]
    denied_ids: set[int]
    denied_names: set[str]
    queue: Queue


rooms = st.builds(
    Room,
    waiting=st.lists(waiting, max_size=7),
    busy=st.lists(busy, max_size=5),
    limits=st.builds(Limits, total=LIMIT, per_repository=LIMIT, per_queue=LIMIT),
    paused=st.sets(scopes, max_size=1),
    denied_ids=st.sets(REPOSITORIES, max_size=1),
    denied_names=st.sets(st.sampled_from(("acme/r1", "acme/r2")), max_size=1),
    queue=st.sampled_from(QUEUES),
)


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(room=rooms)
def test_the_claim_query_follows_the_admission_model(
    database: Database, stores: Stores, room: Room
) -> None:
    candidates, live = furnish(database, room)
    expected = admission.choose(room.queue, candidates, live, model_limits(room), switches(room))

    answer = stores.claims.claim(
        queue=str(room.queue),
        agent="agent",
        holder="holder",
        run_id=uuid4(),
        lease_seconds=60.0,
        limits=room.limits,
        internal=switches(room).internal,
    )

    claimed = answer.stream if isinstance(answer, Claimed) else None
    assert claimed == (None if expected is None else expected.stream)


def furnish(
    database: Database, room: Room
) -> tuple[list[admission.Candidate], list[admission.LiveClaim]]:
    """Put the room into the tables, and return it as the model sees it."""
    database.rows(
        "TRUNCATE issues, issue_dependencies, runs, leases, claim_counts, events, switches"
    )
    numbered = enumerate(room.waiting, 1)
    candidates = [put_waiting(database, number, each) for number, each in numbered]
    live = [put_busy(database, number, each) for number, each in enumerate(room.busy, 101)]
    for scope in room.paused:
        database.rows(
            "INSERT INTO switches (scope, reason, actor) VALUES (%s, 'test', 'maria')", (scope,)
        )
    database.rows(
        "INSERT INTO claim_counts (queue, repo_id, live) "
        "SELECT queue, repo_id, count(*) FROM claims GROUP BY queue, repo_id"
    )
    return candidates, live


def put_waiting(database: Database, number: int, each: dict[str, Any]) -> admission.Candidate:
    stream = f"issue:{each['repo_id']}:{number}:1"
    approved_at = LONG_AGO + timedelta(days=each["age"])
    row = issue_row(stream, number, each["repo_id"]) | {
        "lane": "queued",
        "claim_stage": "implement",
        "claim_queue": str(each["queue"]),
        "priority": each["priority"].rank,
        "approved_at": approved_at,
        "has_dependencies": bool(each["open_dependencies"]),
    }
    database.rows(
        "INSERT INTO issues SELECT * FROM jsonb_populate_record(NULL::issues, %s)", (encode(row),)
    )
    if each["open_dependencies"]:
        open_issue = issue_row(f"issue:9:{number}:1", number, 9)
        database.rows(
            "INSERT INTO issues SELECT * FROM jsonb_populate_record(NULL::issues, %s)",
            (encode(open_issue),),
        )
        database.rows("INSERT INTO issue_dependencies VALUES (%s, %s)", (stream, open_issue["ref"]))
    return admission.Candidate(
        stream=stream,
        repository=RepositoryRef(id=each["repo_id"], full_name=row["repo"]),
        queue=each["queue"],
        priority=each["priority"],
        approved_at=approved_at,
        open_dependencies=each["open_dependencies"],
    )


def put_busy(database: Database, number: int, each: dict[str, Any]) -> admission.LiveClaim:
    stream = f"issue:{each['repo_id']}:{number}:1"
    database.rows(
        "INSERT INTO runs (run_id, stream, epoch, stage, queue, repo_id, agent, holder, started_at,"
        " reason, turns, input_uncached, cache_read, cache_write, output, cost_micro_usd,"
        " cost_unknown) VALUES (%s, %s, 1, 'implement', %s, %s, 'a', 'h', now(), '', 0, 0, 0, 0,"
        " 0, 0, false)",
        (UUID(int=number), stream, str(each["queue"]), each["repo_id"]),
    )
    return admission.LiveClaim(stream=stream, repository_id=each["repo_id"], queue=each["queue"])


def issue_row(stream: str, number: int, repo_id: int) -> dict[str, Any]:
    texts = ("approved_by", "task_digest", "stack", "queue", "base_branch", "hold_sentence")
    counters = (
        *("epoch", "runs", "attempts", "lost_runs", "review_loops", "abstentions"),
        *("cost_micro_usd", "cost_unknown_runs", "tokens"),
    )
    return {
        "stream": stream,
        "version": 1,
        "ref": f"acme/r{repo_id}#{number}",
        "repo_id": repo_id,
        "repo": f"acme/r{repo_id}",
        "repo_key": f"acme/r{repo_id}",
        "number": number,
        "generation": 1,
        "title": "t",
        "reason": "",
        "lane": "in_progress",
        "priority": 2,
        "has_dependencies": False,
        "approved_at": LONG_AGO,
        "entered_at": LONG_AGO,
        "updated_at": LONG_AGO,
        **dict.fromkeys(texts, ""),
        **dict.fromkeys(counters, 0),
    }


def model_limits(room: Room) -> admission.ClaimLimits:
    return admission.ClaimLimits(
        total=room.limits.total,
        per_repository=room.limits.per_repository,
        per_queue=room.limits.per_queue,
    )


def switches(room: Room) -> admission.Switches:
    return admission.Switches(
        rig_paused="rig" in room.paused,
        paused_repositories=frozenset(
            int(scope[5:]) for scope in room.paused if scope.startswith("repo:")
        ),
        paused_streams=frozenset(scope for scope in room.paused if scope.startswith("issue:")),
        internal=InternalRepositories(
            ids=frozenset(room.denied_ids), names=frozenset(room.denied_names)
        ),
    )
