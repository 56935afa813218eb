"""The small tables beside the event store."""

import time
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from random_lives import CONDUCTOR

from rigtasks.errors import Permanent
from rigtasks.eventstore.artifacts import LARGEST, Artifact, ArtifactKind, ArtifactTooLarge
from rigtasks.eventstore.connection import DatabaseUnavailable
from rigtasks.eventstore.database import Stores, stores_on
from rigtasks.eventstore.deliveries import DeliveryStatus
from rigtasks.eventstore.engine import Database, open_database
from rigtasks.eventstore.payloads import packed
from rigtasks.eventstore.store import OutboxEntry, Writes
from rigtasks.eventstore.switches import RIG, repository_scope
from rigtasks.lifecycle.envelope import NewEvent
from rigtasks.testing.life import approval

LABELED = b'{"action": "labeled"}'


def receive(
    database: Database, delivery_id: str, payload: bytes = b'{"action": "labeled"}'
) -> None:
    database.rows(
        "INSERT INTO deliveries (delivery_id, event, action, repo_id, headers, payload)"
        " VALUES (%s, 'issues', 'labeled', 1, %s, %s)",
        (delivery_id, '{"X-GitHub-Event": "issues"}', packed(payload)),
    )


def give_up_tasks(stores: Stores) -> None:
    for task in stores.outbox.take():
        stores.outbox.failed(task.id, error="no", most=1)


def approve(stores: Stores, number: int, *, wake_up: datetime | None = None, **more: object) -> str:
    stream = f"issue:1:{number}:{more.get('generation', 1)}"
    new = NewEvent(
        event_id=uuid4(), event=approval(number, **more), actor=CONDUCTOR, correlation_id=uuid4()
    )
    writes = Writes(events=(new,), next_wakeup_at=wake_up)
    stores.events.append(stores.events.load(stream), writes)
    return stream


def test_a_delivery_gets_its_outcome_once(stores: Stores, database: Database) -> None:
    receive(database, "d1")
    receive(database, "d2")
    give_up_tasks(stores)
    assert stores.deliveries.forgotten() == ("d1", "d2")
    assert stores.deliveries.failed("d1", error="GitHub said 502") == 1

    assert stores.deliveries.settle("d1", DeliveryStatus.DONE, "routed to dev-e-python")
    assert not stores.deliveries.settle("d1", DeliveryStatus.IGNORED, "something else")

    delivery = stores.deliveries.get("d1")
    assert delivery is not None
    assert (delivery.status, delivery.outcome) == (DeliveryStatus.DONE, "routed to dev-e-python")
    assert delivery.attempts == 2
    assert delivery.payload == LABELED
    assert delivery.headers == {"X-GitHub-Event": "issues"}
    assert stores.deliveries.forgotten() == ("d2",)
    assert stores.deliveries.get("unknown") is None


def test_payloads_are_dropped_after_their_time_but_not_while_pending(
    stores: Stores, database: Database
) -> None:
    receive(database, "d1")
    receive(database, "d2")
    stores.deliveries.settle("d1", DeliveryStatus.DONE, "done")

    assert stores.deliveries.drop_payloads(older_than_seconds=3600) == 0
    assert stores.deliveries.drop_payloads(older_than_seconds=0) == 1

    dropped, kept = stores.deliveries.get("d1"), stores.deliveries.get("d2")
    assert dropped is not None
    assert kept is not None
    assert dropped.payload is None
    assert kept.payload is not None


def test_a_delivery_is_forgotten_by_all_only_while_no_task_is_about_it(
    stores: Stores, database: Database
) -> None:
    receive(database, "d1")
    give_up_tasks(stores)
    receive(database, "d2")

    assert stores.deliveries.forgotten(older_than_seconds=3600) == ()
    assert stores.deliveries.forgotten() == ("d1",)

    give_up_tasks(stores)
    assert stores.deliveries.forgotten() == ("d1", "d2")


def test_a_delivery_brings_its_task_unless_nothing_is_left_to_do(
    stores: Stores, database: Database
) -> None:
    receive(database, "d1")
    database.rows(
        "INSERT INTO deliveries (delivery_id, event, headers, status, outcome)"
        " VALUES ('d2', 'star', '{}', 'ignored', 'ignored: no use for it')"
    )

    (task,) = stores.outbox.take()

    assert (task.task, task.queue, task.args) == ("rig.conductor.delivery", "conductor", ("d1",))


def test_settled_deliveries_are_deleted_in_the_end(stores: Stores, database: Database) -> None:
    receive(database, "d1")
    receive(database, "d2")
    stores.deliveries.settle("d1", DeliveryStatus.DONE, "done")

    assert stores.deliveries.forget(older_than_seconds=3600) == 0
    assert stores.deliveries.forget(older_than_seconds=0) == 1

    assert stores.deliveries.get("d1") is None
    assert stores.deliveries.get("d2") is not None


def test_artifacts_are_kept_as_they_are_and_capped(stores: Stores) -> None:
    artifact = Artifact(id=uuid4(), run_id=uuid4(), kind=ArtifactKind.BUNDLE, data=b"\0PACK\\")
    other = Artifact(id=artifact.id, run_id=uuid4(), kind=ArtifactKind.DIFF, data=b"other")
    stores.artifacts.put(artifact)
    stores.artifacts.put(other)  # the first one stands

    assert stores.artifacts.get(artifact.id) == artifact
    assert stores.artifacts.find(uuid4()) is None
    with pytest.raises(Permanent):
        stores.artifacts.get(uuid4())
    large = bytes(LARGEST[ArtifactKind.REVIEW] + 1)
    with pytest.raises(ArtifactTooLarge):
        stores.artifacts.put(
            Artifact(id=uuid4(), run_id=uuid4(), kind=ArtifactKind.REVIEW, data=large)
        )
    assert stores.artifacts.forget(ArtifactKind.BUNDLE, older_than_seconds=0) == 1
    assert stores.artifacts.find(artifact.id) is None


def test_a_switch_is_set_and_lifted_once(stores: Stores) -> None:
    assert stores.switches.set(RIG, reason="incident", actor="maria")
    assert not stores.switches.set(RIG, reason="again", actor="paul")
    assert stores.switches.set(repository_scope(5), reason="noisy", actor="paul")

    assert [(each.scope, each.reason) for each in stores.switches.active()] == [
        ("repo:5", "noisy"),
        ("rig", "incident"),
    ]
    assert stores.switches.first_of({"issue:1:1:1", RIG}) is not None
    assert stores.switches.first_of({"issue:1:1:1"}) is None
    assert stores.switches.lift(RIG, actor="maria")
    assert not stores.switches.lift(RIG, actor="maria")
    assert stores.switches.set(RIG, reason="next incident", actor="maria")


def test_a_period_is_begun_by_one(stores: Stores) -> None:
    first = stores.ticks.begin("sweep", period_seconds=3600)

    assert first is not None
    assert first.timestamp() % 3600 == 0
    assert stores.ticks.begin("sweep", period_seconds=3600) is None
    assert stores.ticks.begin("review-scan", period_seconds=3600) is not None


def test_heartbeats_show_what_each_process_does(stores: Stores) -> None:
    run_id = uuid4()
    fields = {"agent": "dev-e", "queue": "ios", "version": "1", "config_hash": "c"}
    stores.heartbeats.beat(holder="b", isolation="none", **fields)
    stores.heartbeats.beat(holder="a", isolation="bwrap", **fields)
    stores.heartbeats.beat(holder="b", isolation="bwrap", run_id=run_id, **fields)

    found = stores.heartbeats.all()

    assert [(each.holder, each.isolation, each.run_id) for each in found] == [
        ("a", "bwrap", None),
        ("b", "bwrap", run_id),
    ]
    assert stores.heartbeats.forget(silent_seconds=60) == 0
    assert stores.heartbeats.forget(silent_seconds=0) == 2


def test_reports_replace_each_other(stores: Stores, database: Database) -> None:
    stores.reports.service("redis", ok=True, detail="answers")
    stores.reports.service("redis", ok=False, detail="refuses")
    stores.reports.watcher_succeeded("sweep", "2 leases")

    assert database.rows("SELECT name, ok, detail FROM service_status") == [
        ("redis", False, "refuses")
    ]
    assert database.rows("SELECT name, detail FROM watchers") == [("sweep", "2 leases")]


def test_a_wake_up_comes_round_until_an_append_moves_it(stores: Stores) -> None:
    past = datetime(2026, 1, 1, tzinfo=UTC)
    due = approve(stores, 1, wake_up=past)
    approve(stores, 2, wake_up=datetime(2100, 1, 1, tzinfo=UTC))
    approve(stores, 3)

    assert stores.wake_ups.take_due(again_seconds=0.1) == (due,)
    assert stores.wake_ups.take_due() == ()
    time.sleep(0.15)
    assert stores.wake_ups.take_due() == (due,)


def test_a_wake_up_is_moved_unless_somebody_set_another_time(stores: Stores) -> None:
    stream = approve(stores, 1, wake_up=datetime(2026, 1, 1, tzinfo=UTC))
    seen, later = stores.wake_ups.due_at(stream), datetime(2100, 1, 1, tzinfo=UTC)
    assert seen is not None

    assert stores.wake_ups.move(stream, seen=seen, to=later)
    assert not stores.wake_ups.move(stream, seen=seen, to=None)

    assert stores.wake_ups.due_at(stream) == later
    assert stores.wake_ups.move(stream, seen=later, to=None)
    assert stores.wake_ups.due_at(stream) is None


def test_run_tokens_are_asked_for_and_answered(stores: Stores) -> None:
    run_id, until = uuid4(), datetime(2026, 1, 1, tzinfo=UTC)
    assert not stores.run_tokens.answer(run_id=run_id, epoch=1, sealed=b"x", expires_at=until)
    stores.run_tokens.ask(run_id=run_id, epoch=1, public_key=b"key")
    stores.run_tokens.ask(run_id=run_id, epoch=1, public_key=b"forged")

    assert stores.run_tokens.answer(run_id=run_id, epoch=1, sealed=b"\0s", expires_at=until)

    token = stores.run_tokens.get(run_id=run_id, epoch=1)
    assert token is not None
    assert (token.public_key, token.sealed, token.expires_at) == (b"key", b"\0s", until)
    assert stores.run_tokens.get(run_id=run_id, epoch=2) is None
    assert stores.run_tokens.forget(older_than_seconds=0) == 1


def test_facts_of_github_find_their_issue(stores: Stores, database: Database) -> None:
    approve(stores, 7)
    newest = approve(stores, 7, generation=2)
    dependent = approve(stores, 8, depends_on=("acme/api#7",))
    database.rows("UPDATE issues SET pr = 3, head_sha = 'h1' WHERE stream = %s", (newest,))

    found = stores.issues.newest(repo_id=1, number=7)

    assert found is not None
    assert (found.stream, found.generation) == (newest, 2)
    assert stores.issues.by_pull_request(repo_id=1, pr=3) == found
    assert stores.issues.by_head(repo_id=1, head_sha="h1") == (found,)
    assert [each.stream for each in stores.issues.waiting_for(repo_id=1, number=7)] == [dependent]
    assert stores.issues.newest(repo_id=1, number=9) is None


def test_the_outbox_counts_what_waits_and_forgets_what_ended(stores: Stores) -> None:
    approve(stores, 1)
    approve(stores, 2, queue="dev-e-node")
    approve(stores, 3, queue="dev-e-node")
    stores.outbox.add((OutboxEntry(kind="task", task="t", queue="conductor"),))

    assert stores.outbox.claimable_by_queue() == {"dev-e-python": 1, "dev-e-node": 2}
    assert stores.outbox.awaited("conductor") == 0
    (taken,) = stores.outbox.take()
    stores.outbox.published([taken.id])
    assert stores.outbox.awaited("conductor") == 1
    assert stores.outbox.awaited("dev-e-node") == 0
    stores.outbox.done(taken.id)
    assert stores.outbox.awaited("conductor") == 0
    stores.outbox.add((OutboxEntry(kind="task", task="t", queue="conductor"),))
    (dead,) = stores.outbox.take()
    stores.outbox.failed(dead.id, error="no", most=1)

    assert stores.outbox.forget(done_seconds=3600, dead_seconds=3600) == 0
    assert stores.outbox.forget(done_seconds=0, dead_seconds=3600) == 1
    assert stores.outbox.forget(done_seconds=0, dead_seconds=0) == 1


def test_a_broken_connection_is_said_to_be_one_and_replaced(database_url: str) -> None:
    database = open_database(database_url, application_name="victim", pool_size=1)
    killers = open_database(database_url, application_name="killer", pool_size=1)
    stores = stores_on(database)
    stores.switches.active()
    killers.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'"
    )

    with pytest.raises(DatabaseUnavailable):
        stores.switches.active()

    assert stores.switches.active() == ()
    database.close()
    killers.close()
