"""The ledger of deliveries and the notes on lost ones, on Postgres and in memory."""

from datetime import UTC, datetime, timedelta

from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.deliveries import Delivery, DeliveryStatus
from rigtasks.eventstore.payloads import packed
from rigtasks.shell import CONDUCTOR_QUEUE, DELIVERY_TASK
from rigtasks.testing.memory_tables import MemoryDeliveries

BODY = b'{"action":"labeled"}'
HEADERS = {"x-github-event": "issues"}


def receive(
    stores: Stores, name: str, *, age: float = 0.0, repo_id: int = 1, repo: str = "acme/api"
) -> None:
    """Store a delivery that arrived so many seconds ago, as the receiver does."""
    at = datetime.now(UTC) - timedelta(seconds=age)
    if isinstance(stores.deliveries, MemoryDeliveries):
        assert stores.deliveries.receive(
            Delivery(
                delivery_id=name,
                event="issues",
                action="labeled",
                repo_id=repo_id,
                repo=repo,
                number=7,
                headers=HEADERS,
                payload=BODY,
                received_at=at,
                status=DeliveryStatus.PENDING,
                outcome=None,
                attempts=0,
            )
        )
        return
    stores.database.rows(
        "INSERT INTO deliveries (delivery_id, event, action, repo_id, repo, number, headers,"
        " payload, received_at, status) VALUES (%s, 'issues', 'labeled', %s, %s, 7,"
        """ '{"x-github-event": "issues"}', %s, %s, 'pending')""",
        (name, repo_id, repo, packed(BODY), at),
    )


def forget_tasks(stores: Stores, *names: str) -> None:
    """Let the tasks of deliveries end without having settled them."""
    for one in stores.outbox.take():
        if one.args[0] in names:
            stores.outbox.done(one.id)


def test_a_delivery_is_kept_as_it_arrived(stores: Stores) -> None:
    receive(stores, "d1")

    found = stores.deliveries.get("d1")

    assert found is not None
    assert (found.event, found.action, found.repo_id, found.repo, found.number) == (
        *("issues", "labeled", 1, "acme/api", 7),
    )
    assert (dict(found.headers), found.payload) == (HEADERS, BODY)
    assert (found.status, found.outcome, found.attempts) == (DeliveryStatus.PENDING, None, 0)
    assert stores.deliveries.get("d2") is None


def test_a_delivery_is_settled_once_and_in_words(stores: Stores) -> None:
    receive(stores, "d1")

    assert stores.deliveries.settle("d1", DeliveryStatus.DONE, "routed to dev-e-python")
    assert not stores.deliveries.settle("d1", DeliveryStatus.IGNORED, "another word")
    assert not stores.deliveries.settle("d2", DeliveryStatus.DONE, "never arrived")

    found = stores.deliveries.get("d1")
    assert found is not None
    assert (found.status, found.outcome) == (DeliveryStatus.DONE, "routed to dev-e-python")
    assert found.attempts == 1
    assert stores.deliveries.get("d2") is None


def test_failed_tries_are_counted_until_the_delivery_is_settled(stores: Stores) -> None:
    receive(stores, "d1")

    counts = [stores.deliveries.failed("d1", error="GitHub said 502") for _ in range(3)]
    assert stores.deliveries.settle("d1", DeliveryStatus.QUARANTINED, "given up")

    assert counts == [1, 2, 3]
    assert stores.deliveries.failed("d1", error="again") is None
    assert stores.deliveries.failed("d2", error="never arrived") is None
    found = stores.deliveries.get("d1")
    assert found is not None
    assert (found.status, found.attempts) == (DeliveryStatus.QUARANTINED, 4)


def test_a_pending_delivery_that_no_task_is_about_is_found_the_oldest_first(
    stores: Stores,
) -> None:
    for name, age in (("young", 5.0), ("old", 300.0), ("older", 400.0), ("settled", 500.0)):
        receive(stores, name, age=age)
    forget_tasks(stores, "young", "old", "older", "settled")
    stores.deliveries.settle("settled", DeliveryStatus.IGNORED, "nothing to do")

    assert stores.deliveries.forgotten(older_than_seconds=60.0) == ("older", "old")
    assert stores.deliveries.forgotten() == ("older", "old", "young")
    assert stores.deliveries.forgotten(most=1) == ("older",)


def test_a_delivery_comes_with_its_task(stores: Stores) -> None:
    receive(stores, "d1")

    (task,) = stores.outbox.take()

    assert (task.kind, task.task, task.queue) == ("task", DELIVERY_TASK, CONDUCTOR_QUEUE)
    assert (task.args, task.stream, task.attempts) == (("d1",), None, 0)


def test_an_open_task_remembers_its_delivery_and_a_finished_one_does_not(stores: Stores) -> None:
    for name in ("waits", "done", "dead"):
        receive(stores, name, age=60.0)
    by_name = {one.args[0]: one.id for one in stores.outbox.take()}

    assert stores.deliveries.forgotten() == ()
    stores.outbox.done(by_name["done"])
    stores.outbox.failed(by_name["dead"], error="refused", most=1)

    assert set(stores.deliveries.forgotten()) == {"done", "dead"}


def test_a_lost_delivery_is_asked_for_once(stores: Stores) -> None:
    receive(stores, "arrived")
    assert stores.lost_deliveries.unknown(("arrived", "g1", "g2")) == {"g1", "g2"}

    assert stores.lost_deliveries.ask("g1", attempt_id=4, event="issues")
    assert not stores.lost_deliveries.ask("g1", attempt_id=5, event="issues")

    assert stores.lost_deliveries.unknown(("arrived", "g1", "g2")) == {"g2"}
    assert stores.lost_deliveries.unknown(()) == frozenset()


def test_a_call_that_did_not_go_out_is_made_again(stores: Stores) -> None:
    assert stores.lost_deliveries.ask("g1", attempt_id=4, event="issues")

    stores.lost_deliveries.not_asked("g1")
    stores.lost_deliveries.not_asked("never asked")

    assert stores.lost_deliveries.unknown(("g1",)) == {"g1"}
    assert stores.lost_deliveries.ask("g1", attempt_id=4, event="issues")


def test_every_repository_that_sent_something_is_known_by_its_latest_name(
    stores: Stores,
) -> None:
    receive(stores, "d1", age=60.0, repo_id=1, repo="acme/old")
    receive(stores, "d2", age=30.0, repo_id=1, repo="acme/new")
    receive(stores, "d3", age=90.0, repo_id=2, repo="acme/web")

    assert stores.issues.repositories() == {1: "acme/new", 2: "acme/web"}
