"""Work that was done twice, or waited where nobody looked."""

from uuid import uuid4

import pytest
import redis
from relays import relay_on
from task_lives import CONDUCTOR, admit, approve, claim, shell_on

from rigtasks.errors import StaleEpoch
from rigtasks.eventstore.claims import Claimed, Limits, NotClaimed
from rigtasks.eventstore.database import Stores
from rigtasks.lifecycle.commands import Admit, ExpireLease, ReleaseRun
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.testing.life import Life, approval, no_model

QUEUE = "dev-e-python"
WORKER = Actor(kind=ActorKind.WORKER, id="w")


def try_claim(stores: Stores, holder: str) -> Claimed | NotClaimed:
    return stores.claims.claim(
        queue=QUEUE,
        agent=QUEUE,
        holder=holder,
        run_id=uuid4(),
        lease_seconds=60.0,
        limits=Limits(),
    )


def drain(stores: Stores, redis_url: str, *, most: int) -> list[str]:
    """Let one worker take message after message, as far as there are any."""
    found: list[str] = []
    with redis.Redis.from_url(redis_url) as client:
        for _ in range(most):
            if client.lpop(QUEUE) is None:
                break
            claimed = try_claim(stores, "w")
            if isinstance(claimed, Claimed):
                found.append(claimed.stream)
    return found


@pytest.mark.incident("A8")
def test_a8_two_workers_of_one_name_that_hear_one_bell_twice_make_one_run(stores: Stores) -> None:
    stream = approve(stores, 1)

    first, second = try_claim(stores, "dev-e"), try_claim(stores, "dev-e")

    assert isinstance(first, Claimed)
    assert second is NotClaimed.NOTHING
    assigned = [one for one in stores.events.events(stream) if one.event.type == "ISSUE_ASSIGNED"]
    assert len(assigned) == 1


@pytest.mark.incident("A17")
def test_a17_thirty_issues_ring_thirty_bells_and_thirty_workers_share_them(
    stores: Stores, redis_url: str
) -> None:
    for number in range(1, 31):
        approve(stores, number)

    relay_on(stores, redis_url, sweeping=False).turn()

    with redis.Redis.from_url(redis_url) as client:
        assert client.llen(QUEUE) == 30
    claims = [try_claim(stores, f"w{one}") for one in range(30)]
    assert len({one.stream for one in claims if isinstance(one, Claimed)}) == 30
    assert stores.outbox.claimable_by_queue() == {}


@pytest.mark.incident("A18")
def test_a18_an_issue_that_is_told_of_again_while_it_is_worked_on_is_not_begun_twice() -> None:
    life = Life()
    life.approve()
    life.claim()

    assert life.tell(Admit(approved=approval())) == ()
    assert life.tell(Admit(approved=approval(generation=2))) == ()
    assert life.issue.wanted_stage is None


@pytest.mark.incident("A19")
def test_a19_taking_one_piece_of_work_takes_no_signal_from_the_others(
    stores: Stores, redis_url: str
) -> None:
    for number in range(1, 6):
        admit(stores, number)
    relay = relay_on(stores, redis_url, sweeping=False)
    relay.turn()

    # given one worker that takes one message, and everything else in Redis is deleted
    (first,) = drain(stores, redis_url, most=1)
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    relay.turn()

    rest = drain(stores, redis_url, most=10)
    assert len({first, *rest}) == 5


@pytest.mark.incident("A20")
def test_a20_with_nothing_running_and_an_empty_redis_there_is_a_number_to_start_workers_by(
    stores: Stores, redis_url: str
) -> None:
    approve(stores, 1)

    assert stores.heartbeats.all() == ()
    assert stores.claims.live() == ()
    assert stores.outbox.claimable_by_queue() == {QUEUE: 1}
    relay_on(stores, redis_url, sweeping=False).turn()
    assert len(drain(stores, redis_url, most=5)) == 1


@pytest.mark.incident("A28")
def test_a28_every_event_names_who_wrote_it_and_for_which_run(stores: Stores) -> None:
    stream = approve(stores, 1)
    claimed = claim(stores, lease_seconds=60.0)
    shell_on(stores).tell(
        stream,
        ReleaseRun(run_id=claimed.run_id, epoch=claimed.epoch, reason="stop", usage=no_model()),
        actor=WORKER,
        cause=claimed.run_id,
        run_id=claimed.run_id,
        epoch=claimed.epoch,
    )

    written = stores.events.events(stream)

    assert {(one.actor.kind, one.actor.id) for one in written} == {
        (ActorKind.CONDUCTOR, CONDUCTOR.id),
        (ActorKind.WORKER, "by hand"),
        (ActorKind.WORKER, "w"),
    }
    of_the_run = [one for one in written if one.correlation_id == claimed.run_id]
    assert [one.event.type for one in of_the_run] == [
        "ISSUE_ASSIGNED",
        "TOKEN_USAGE",
        "RUN_RELEASED",
    ]


@pytest.mark.incident("queue-1")
def test_queue_1_a_bell_for_work_that_is_gone_is_dropped(stores: Stores) -> None:
    approve(stores, 1)
    claim(stores, lease_seconds=60.0)

    assert try_claim(stores, "late") is NotClaimed.NOTHING


@pytest.mark.incident("queue-2")
def test_queue_2_a_worker_back_from_a_long_pause_changes_nothing(stores: Stores) -> None:
    # given a run that was given up, and another that holds its issue now
    stream = approve(stores, 1)
    old = claim(stores, lease_seconds=0.0)
    shell = shell_on(stores)
    expire = ExpireLease(run_id=old.run_id, epoch=old.epoch)
    shell.tell(stream, expire, actor=Actor(kind=ActorKind.CLOCK, id="beat"), cause=uuid4())
    new = claim(stores, lease_seconds=60.0)
    before = len(stores.events.events(stream))

    # when the first comes back and reports, with and without saying which claim it means
    report = ReleaseRun(run_id=old.run_id, epoch=old.epoch, reason="done", usage=no_model())
    for guard in ({"run_id": old.run_id, "epoch": old.epoch}, {}):
        with pytest.raises(StaleEpoch):
            shell.tell(stream, report, actor=WORKER, cause=old.run_id, **guard)  # type: ignore[arg-type]

    # then the present claim is as it was
    assert len(stores.events.events(stream)) == before
    (lease,) = stores.claims.live()
    assert (lease.run_id, lease.epoch) == (new.run_id, old.epoch + 1)
