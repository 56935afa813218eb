"""A rig in the middle of its day, as rows: every state the page has to tell apart."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, create_engine

from rigtasks.eventstore import tables
from rigtasks.eventstore.payloads import packed

SHA = "c0ffee" + "0" * 34
HOSTILE_TITLE = '<script>document.title="owned"</script><img src=x onerror=alert(1)>'
BIDI_TITLE = "Fix \u202egnp.exe\u202c price \u200brounding\u0007"
HOSTILE_LINK = "javascript:alert(document.domain)"


NOW = datetime.now(UTC)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def issue_row(number: int, title: str, lane: str, **changes: Any) -> dict[str, Any]:
    repo = changes.pop("repo", "octo/price-api")
    return {
        "stream": f"issue:7:{number}:1",
        "version": 3,
        "ref": f"{repo}#{number}",
        "repo_id": 7,
        "repo": repo,
        "number": number,
        "generation": 1,
        "title": title,
        "lane": lane,
        "priority": 2,
        "approved_by": "mona",
        "task_digest": "d" * 64,
        "stack": "python",
        "queue": "dev-e-python",
        "base_branch": "main",
        "hold_sentence": "",
        "reason": "",
        "epoch": 1,
        "runs": 1,
        "attempts": 0,
        "lost_runs": 0,
        "review_loops": 0,
        "abstentions": 0,
        "has_dependencies": False,
        "cost_micro_usd": 0,
        "cost_unknown_runs": 0,
        "tokens": 0,
        "entered_at": ago(minutes=number),
        "updated_at": ago(minutes=number),
        **changes,
    }


def run_row(number: int, agent: str, stage: str, **changes: Any) -> dict[str, Any]:
    return {
        "run_id": uuid.uuid4(),
        "stream": f"issue:7:{number}:1",
        "epoch": changes.pop("epoch", 1),
        "stage": stage,
        "queue": agent,
        "repo_id": 7,
        "agent": agent,
        "holder": f"{agent}@node-1",
        "started_at": ago(minutes=4, seconds=number),
        "reason": "",
        "isolation": "bubblewrap",
        "turns": 9,
        "input_uncached": 8_400,
        "cache_read": 61_000,
        "cache_write": 5_200,
        "output": 3_100,
        "cost_micro_usd": 183_400,
        "cost_unknown": False,
        **changes,
    }


ISSUES = (
    issue_row(
        142, "Totals differ by a cent when discounts stack", "failed",
        reason="The tests failed in 3 of 3 attempts: test_discounts_round_half_up",
        who_must_act="mona", entered_at=ago(minutes=52), attempts=3, runs=3,
        cost_micro_usd=1_213_000, tokens=412_000,
    ),
    issue_row(
        140, "Move the invoice schema to version 4", "in_review", overlay="escalated",
        reason="The change touches migrations/, which needs a person's approval",
        who_must_act="anyone with write permission", pr=61, runs=2, cost_micro_usd=640_000,
        pr_url="https://github.com/octo/price-api/pull/61", entered_at=ago(hours=2, minutes=10),
    ),
    issue_row(
        139, "Publish prices as a feed", "queued", hold="dependency", runs=0,
        hold_sentence="Waits for octo/price-api#137, which is in review",
        entered_at=ago(hours=5),
    ),
    issue_row(
        146, HOSTILE_TITLE, "in_progress", runs=1, cost_micro_usd=91_000, epoch=1,
        pr=64, pr_url=HOSTILE_LINK, repo="octo/<b>shop</b>",
    ),
    issue_row(145, BIDI_TITLE, "assigned", runs=1, stack="node", queue="dev-e-node"),
    issue_row(
        137, "Reject negative quantities at the API", "in_review", pr=63, runs=2, review_loops=1,
        pr_url="https://github.com/octo/price-api/pull/63", cost_micro_usd=421_700,
        reason="Review asked for one change; it was made and waits for Review-E",
        entered_at=ago(minutes=6),
    ),
    issue_row(
        136, "Cache the currency table for an hour", "ready_to_merge", pr=62, runs=1,
        pr_url="https://github.com/octo/price-api/pull/62", cost_unknown_runs=1,
        cost_micro_usd=120_000, reason="Every gate holds; the merge is under way",
        entered_at=ago(seconds=14),
    ),
    issue_row(
        135, "Timeouts of the stock service are not retried", "changes_requested", pr=60, runs=1,
        pr_url="https://github.com/octo/price-api/pull/60", cost_micro_usd=210_000,
        reason="CI failed: lint", entered_at=ago(minutes=3),
    ),
    issue_row(147, "Say which currency a price is in", "queued", runs=0,
              entered_at=ago(seconds=41)),
    issue_row(
        131, "Prices are rounded down instead of to the nearest cent", "done", pr=58, runs=2,
        pr_url="https://github.com/octo/price-api/pull/58", merge_sha=SHA, cost_micro_usd=388_200,
        entered_at=ago(hours=3),
    ),
    issue_row(
        130, "Parse German decimal commas", "done", pr=57, merge_sha=SHA, entered_at=ago(hours=9),
        pr_url="https://github.com/octo/price-api/pull/57", cost_micro_usd=150_000,
        repo="octo/shop-web", stack="node",
    ),
    issue_row(128, "Try another HTTP client", "cancelled", entered_at=ago(days=1, hours=3),
              reason="The label was removed by mona"),
)  # fmt: skip

RUNS = (
    run_row(146, "dev-e-python", "implement", started_at=ago(minutes=2, seconds=7)),
    run_row(145, "dev-e-node", "implement", started_at=ago(seconds=8), isolation=None, turns=0,
            cost_micro_usd=0, input_uncached=0, cache_read=0, cache_write=0, output=0),
    run_row(137, "review-e", "review", ended_at=ago(minutes=1), outcome="completed", epoch=3),
    run_row(142, "dev-e-python", "implement", ended_at=ago(minutes=52), outcome="failed", epoch=3,
            started_at=ago(minutes=61), failure="work", isolation="none",
            reason="test_discounts_round_half_up failed"),
    run_row(136, "dev-e-python", "implement", ended_at=ago(minutes=20), outcome="completed",
            started_at=ago(minutes=26), cost_unknown=True),
)  # fmt: skip

HEARTBEATS = tuple(
    {
        "holder": f"{agent}@node-1", "agent": agent, "queue": agent, "version": "0.1.0",
        "config_hash": "ab12", "isolation": isolation, "run_id": run, "seen_at": ago(seconds=seen),
    }
    for agent, isolation, run, seen in (
        ("dev-e-python", "bubblewrap", RUNS[0]["run_id"], 3),
        ("dev-e-node", "bubblewrap", RUNS[1]["run_id"], 9),
        ("review-e", "bubblewrap", None, 5),
        ("dev-e-dotnet", "none", None, 1_340),
    )
)  # fmt: skip

EVENTS = tuple(
    {
        "position": position, "stream": f"issue:7:{number}:1", "version": position, "type": kind,
        "schema_version": 1, "event_id": uuid.uuid4(), "data": data, "actor_kind": "conductor",
        "actor_id": "conductor@node-1", "correlation_id": uuid.uuid4(), "causation_id": None,
        "recorded_at": ago(minutes=9 - position),
    }
    for position, (number, kind, data) in enumerate(
        (
            (142, "ISSUE_FAILED", {"reason": "The tests failed in 3 of 3 attempts"}),
            (137, "REVIEW_DISPUTED", {"summary": "A negative quantity still reaches the total"}),
            (137, "TESTS_PASSED", {"command": "python -m pytest -q", "head_sha": SHA}),
            (136, "REVIEW_PASSED", {"reviewer": "review-e[bot]", "head_sha": SHA}),
            (146, "ISSUE_APPROVED", {"title": HOSTILE_TITLE}),
            (145, "ISSUE_ASSIGNED", {"agent": "dev-e-node"}),
        ),
        start=1,
    )
)  # fmt: skip


def delivery_row(minutes: float, event: str, action: str | None, **changes: Any) -> dict[str, Any]:
    return {
        "delivery_id": str(uuid.uuid4()), "event": event, "action": action, "repo_id": 7,
        "repo": "octo/price-api", "number": 147, "headers": {"X-GitHub-Hook-ID": "11"},
        "payload": packed(json.dumps({"action": action}).encode()),
        "received_at": ago(minutes=minutes), "status": "done", **changes,
    }  # fmt: skip


DELIVERIES = (
    delivery_row(0.1, "check_run", "completed", status="pending"),
    delivery_row(0.7, "issues", "labeled", outcome="routed to dev-e-python"),
    delivery_row(1.2, "issues", "opened", status="ignored",
                 outcome="ignored: no agent-ready label"),
    delivery_row(2.2, "issues", "labeled", number=144,
                 outcome="refused: the rig does not work in its own repositories"),
    delivery_row(3.4, "star", "created", status="ignored", number=None,
                 outcome="ignored: no use for the event star"),
    delivery_row(4.0, "issues", "labeled", status="quarantined", repo=None, number=None,
                 outcome="quarantined: The payload has another shape: Expected `int`, got `str`"),
)  # fmt: skip

SWITCHES = (
    {"scope": "repo:9", "reason": "Moving to the new CI", "actor": "mona", "since": ago(hours=4)},
)
STATUS = (
    {"name": "relay", "ok": True, "detail": "publishes hints", "as_of": ago(seconds=2)},
    {"name": "redis", "ok": False, "detail": "does not answer since 12 s", "as_of": ago(seconds=2)},
)


def fill(database_url: str) -> None:
    """Put the whole day into a database."""
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg2://"))
    with engine.begin() as connection:
        _insert(connection)
    engine.dispose()


def _as_of_the_filling(row: dict[str, Any]) -> dict[str, Any]:
    """Move every time of a row on: the tests may begin long after this module was read."""
    late = datetime.now(UTC) - NOW
    return {
        name: value + late if isinstance(value, datetime) else value for name, value in row.items()
    }


def _insert(connection: Connection) -> None:
    for table, rows in (
        (tables.issues, ISSUES),
        (tables.runs, RUNS),
        (tables.heartbeats, HEARTBEATS),
        (tables.events, EVENTS),
        (tables.deliveries, DELIVERIES),
        (tables.switches, SWITCHES),
        (tables.service_status, STATUS),
    ):
        for row in rows:
            connection.execute(table.insert().values(_as_of_the_filling(row)))
    connection.execute(
        tables.outbox.insert().values(
            kind="task", task="rig.conductor.effect", queue="conductor", args=[17],
            stream="issue:7:136:1", attempts=12, dead_at=ago(minutes=31),
            last_error="403 Resource not accessible by integration: grant the App checks:write",
        )
    )  # fmt: skip
