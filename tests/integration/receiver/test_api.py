"""Lists page without gaps, refuse what they do not understand, and answer only who may read."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest
from served import Receiver, issue_payload, rows, serve

from rigtasks.eventstore.migrate import upgrade
from rigtasks.eventstore.payloads import unpacked
from rigtasks.lifecycle.events import EVENT_TYPES
from rigtasks.testing.services import TemporaryPostgres

START = datetime(2026, 11, 1, 10, 0, tzinfo=UTC)
TOKEN = "a-long-token"
ISSUE = """
INSERT INTO issues (stream, version, ref, repo_id, repo, number, generation, title, lane, overlay,
    priority, approved_by, task_digest, stack, queue, base_branch, hold_sentence, reason, epoch,
    runs, attempts, lost_runs, review_loops, abstentions, has_dependencies, cost_micro_usd,
    cost_unknown_runs, tokens, entered_at, updated_at)
VALUES (%(stream)s, 1, %(ref)s, 7, 'octo/x', %(number)s, %(generation)s, 'A title', %(lane)s,
    %(overlay)s, 2, 'mona', '', 'python', 'dev-e-python', 'main', '', 'a reason', 0, 0, 0, 0, 0, 0,
    false, 1500000, 0, 9, %(at)s, %(at)s)
"""
EVENT = """
INSERT INTO events (position, stream, version, type, schema_version, event_id, data, actor_kind,
    actor_id, correlation_id, recorded_at)
VALUES (%(version)s, 'issue:7:3:1', %(version)s, 'OPERATOR_NOTE', 1, %(id)s, '{"text": "hello"}',
    'operator', 'mona', %(id)s, %(at)s)
"""


def insert(url: str, statement: str, values: list[dict[str, Any]]) -> None:
    connection = psycopg2.connect(url.replace("+psycopg2", ""))
    with connection, connection.cursor() as cursor:
        cursor.executemany(statement, values)
    connection.close()


def issue(number: int, lane: str = "queued", **changes: Any) -> dict[str, Any]:
    generation = changes.get("generation", 1)
    return {
        "stream": f"issue:7:{number}:{generation}",
        "ref": f"octo/x#{number}",
        "number": number,
        "generation": generation,
        "lane": lane,
        "overlay": None,
        "at": START + timedelta(minutes=number // 2),
        **changes,
    }


@pytest.fixture(scope="module")
def api(postgres: TemporaryPostgres) -> Iterator[Receiver]:
    url = postgres.create_database(postgres.template("migrated", upgrade))
    issues = [issue(number) for number in range(1, 8)]
    issues += [issue(8, "in_review", overlay="stuck"), issue(3, "queued", generation=2)]
    insert(url, ISSUE, issues)
    events = [{"version": n, "id": str(uuid.uuid4()), "at": START} for n in range(1, 6)]
    insert(url, EVENT, events)
    with serve(url, GITHUB="unused") as running:
        yield running
    postgres.drop_database(url)


def walk(api: Receiver, path: str, limit: int) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    for _ in range(50):
        query = {"limit": limit, **({"cursor": cursor} if cursor else {})}
        answer = api.get(path, params=query).json()
        assert len(answer["items"]) <= limit
        items += answer["items"]
        cursor = answer["page"]["next_cursor"]
        if cursor is None:
            return items
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize("limit", [1, 2, 3, 9, 200])
def test_pages_of_issues_have_no_gap_and_no_repetition(api: Receiver, limit: int) -> None:
    streams = [item["stream"] for item in walk(api, "/api/v1/issues", limit)]
    assert len(streams) == 9
    assert sorted(streams) == sorted(set(streams))
    assert streams[0] == "issue:7:8:1"


def test_an_issue_is_shown_by_what_interrupts_it(api: Receiver) -> None:
    (stuck,) = api.get("/api/v1/issues?state=stuck").json()["items"]
    assert (stuck["ref"], stuck["state"], stuck["lane"]) == ("octo/x#8", "stuck", "in_review")
    assert stuck["cost"] == {"amount": "1.5000", "currency": "USD", "basis": "priced"}
    assert api.get("/api/v1/issues?state=in_review").json()["items"] == []
    assert len(api.get("/api/v1/issues?repo=octo/x").json()["items"]) == 9
    assert api.get("/api/v1/issues?repo=octo/%25").json()["items"] == []


def test_the_events_of_an_issue_by_stream_and_by_name(api: Receiver) -> None:
    found = walk(api, "/api/v1/events/stream?id=issue:7:3:1", 2)
    assert [event["version"] for event in found] == [1, 2, 3, 4, 5]
    assert found[0]["data"] == {"text": "hello"}
    assert found[0]["actor"] == {"kind": "operator", "id": "mona"}
    by_name = api.get("/api/events/stream", params={"id": "octo/x#3"})
    assert by_name.status_code == 404, "the newest generation of the issue has no event yet"
    assert api.get("/api/v1/events/stream").json()["code"] == "parameter-invalid"
    assert api.get("/api/v1/events/stream?id=octo/none%231").status_code == 404


def test_deliveries_are_listed_without_and_shown_with_their_payload(api: Receiver) -> None:
    payload = issue_payload(77)
    delivery = api.deliver(payload).json()["delivery"]
    (listed,) = api.get("/api/v1/deliveries?status=pending").json()["items"]
    assert (listed["delivery"], listed["repo"], listed["number"]) == (
        delivery,
        "octo/price-api",
        77,
    )
    assert "payload" not in listed
    shown = api.get(f"/api/v1/deliveries/{delivery.upper()}").json()
    assert shown["payload"] == payload
    stored = rows(api.database_url, "SELECT payload FROM deliveries")[0][0]
    assert json.loads(unpacked(stored)) == payload
    assert api.get("/api/v1/deliveries/unknown").status_code == 404


def test_runs_and_agents_of_an_idle_rig_are_empty_lists(api: Receiver) -> None:
    for path in ("/api/v1/runs", "/api/v1/agents", "/api/v1/runs?issue=octo/x%231"):
        answer = api.get(path).json()
        assert (answer["items"], answer["page"]["next_cursor"]) == ([], None)


def test_the_catalogue_names_every_event(api: Receiver) -> None:
    items = api.get("/api/v1/event-types").json()["items"]
    assert [item["type"] for item in items] == list(EVENT_TYPES)
    assert all(item["summary"] and item["data_schema"] for item in items)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=201", "limit=-1", "limit=ten", "limit=9999999999", "limit=1&limit=2",
        "cursor=forged", "cursor=" + "A" * 401, "state=unknown", "state=queued'--", "sort=title",
        "repo=%00", "offset=-1", "cursor=WyIyMDI2IiwgMV0", "cursor=MQ",
    ],
)  # fmt: skip
def test_a_bad_query_is_a_problem_and_never_a_failure(api: Receiver, query: str) -> None:
    answer = api.get(f"/api/v1/issues?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "parameter-invalid")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_seeds_paths_answer_the_same_and_name_their_successor(api: Receiver) -> None:
    old, new = api.get("/api/issues?limit=2"), api.get("/api/v1/issues?limit=2")
    assert old.json()["items"] == new.json()["items"]
    assert old.headers["Link"] == '</api/v1/issues>; rel="successor-version"'
    assert "Deprecation" in old.headers
    assert "Deprecation" not in new.headers


def test_nothing_can_be_changed_by_asking(api: Receiver) -> None:
    for path in ("/api/v1/issues", "/dashboard", "/health"):
        answer = api.session.post(f"http://127.0.0.1:{api.port}{path}", timeout=20)
        assert answer.status_code == 405
        assert "GET" in answer.headers["Allow"]


def test_health_names_what_only_weakens_the_rig(api: Receiver) -> None:
    answer = api.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    statement = (
        "INSERT INTO service_status (name, ok, detail, as_of)"
        " VALUES (%(name)s, true, 'works', clock_timestamp())"
    )
    insert(api.database_url, statement, [{"name": "relay"}, {"name": "redis"}])
    assert api.get("/readyz").json()["status"] == "ok"
    rows(api.database_url, "UPDATE service_status SET as_of = as_of - interval '1 hour'")
    stale = api.get("/health").json()
    assert stale["status"] == "degraded"
    assert any(check["detail"].startswith("unknown") for check in stale["checks"])


def test_the_read_session_cannot_write(api: Receiver) -> None:
    assert api.stored(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'rig-web'"
    ) != [(0,)]


@pytest.mark.parametrize("path", ["/api/v1/issues", "/api/deliveries", "/dashboard", "/nowhere"])
def test_a_proxy_or_a_foreign_name_opens_nothing_without_a_token(api: Receiver, path: str) -> None:
    for headers in ({"X-Forwarded-For": "127.0.0.1"}, {"Host": "rebound.example"}):
        answer = api.get(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "loopback-only")
    assert api.get("/health", headers={"Host": "probe.example"}).status_code == 200


def test_with_a_token_everybody_shows_it(database_url: str) -> None:
    with serve(database_url, RIG_API_TOKEN=TOKEN) as receiver:
        refused = receiver.get("/api/v1/issues")
        wrong = receiver.get("/dashboard", auth=("rig", "wrong"))
        bearer = receiver.get("/api/v1/issues", headers={"Authorization": f"Bearer {TOKEN}"})
        browser = receiver.get("/dashboard", auth=("rig", TOKEN), headers={"Host": "rig.example"})
        assert receiver.deliver(issue_payload()).status_code == 202, "webhooks have signatures"
        assert receiver.get("/health").status_code == 200
    assert (refused.status_code, wrong.status_code) == (401, 401)
    assert "Basic" in refused.headers["WWW-Authenticate"]
    assert (bearer.status_code, browser.status_code) == (200, 200)
    assert TOKEN not in refused.text
