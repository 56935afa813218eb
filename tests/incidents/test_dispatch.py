"""Approved work that did not reach an agent."""

from pathlib import Path
from uuid import UUID

import pytest
import redis
from conductor_scene import FIXED, Scene
from hypothesis import given, settings
from hypothesis import strategies as st
from relays import relay_on, sweeps_of
from task_lives import admit, approve, claim, open_tasks
from worker_kits import make_kit

from rigtasks.eventstore.claims import Limits, NotClaimed
from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.engine import Database
from rigtasks.lifecycle.commands import Admit, Failed, Hold
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.lifecycle.react import Bell
from rigtasks.lifecycle.state import Lane, Stage
from rigtasks.lifecycle.timers import Timers
from rigtasks.routing.internal import InternalRepositories
from rigtasks.runs.credentials import CredentialsRefused
from rigtasks.runs.work import answer_bell
from rigtasks.shell import DELIVERY_TASK, EFFECT_TASK, RECONCILE_TASK, WAKE_TASK
from rigtasks.testing.life import Life, approval
from rigtasks.testing.services import TemporaryValkey

QUEUE = "dev-e-python"
AT_ONCE = Timers().scaled(0.0)


def bells(redis_url: str, queue: str = QUEUE) -> int:
    with redis.Redis.from_url(redis_url) as client:
        return int(client.llen(queue))


def lose_every_message(database: Database) -> None:
    database.rows("DELETE FROM outbox RETURNING id")


@pytest.mark.incident("A1")
def test_a1_with_every_message_lost_the_top_up_alone_rings_again(
    stores: Stores, database: Database, redis_url: str
) -> None:
    approve(stores, 1)
    lose_every_message(database)
    assert bells(redis_url) == 0

    relay_on(stores, redis_url, sweeping=False).turn()

    assert bells(redis_url) == 1


@pytest.mark.incident("A1")
def test_a1_each_sweep_alone_asks_for_its_work_again(stores: Stores, database: Database) -> None:
    # given an issue whose timer is due, a run whose worker died, and a delivery nobody looked at
    waiting = approve(stores, 1, AT_ONCE)
    lost = approve(stores, 2)
    database.rows("UPDATE issues SET priority = 0 WHERE stream = %s RETURNING stream", (lost,))
    assert claim(stores, lease_seconds=0.0).stream == lost
    database.rows(
        "INSERT INTO deliveries (delivery_id, event, headers, received_at)"
        " VALUES ('d', 'issues', '{}', now() - interval '1 hour') RETURNING delivery_id"
    )
    lose_every_message(database)

    # when each sweep runs alone, then its work is asked for
    asked: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for name, sweep in sweeps_of(stores).jobs.items():
        sweep()
        asked[name] = open_tasks(stores)
        lose_every_message(database)

    state = stores.events.load(lost).state
    assert state is not None
    assert (state.lane, state.wanted_queue) == (Lane.QUEUED, QUEUE)
    assert (WAKE_TASK, (waiting,)) in asked["wake_ups"]
    assert asked["stale_deliveries"] == [(DELIVERY_TASK, ("d",))]
    assert asked["reconcile_due"] == [(RECONCILE_TASK, ())]


@pytest.mark.incident("A1")
def test_a1_an_effect_that_everybody_forgot_is_asked_for_when_the_timer_rings(
    scene: Scene,
) -> None:
    scene.label()
    scene.implement({"price.py": FIXED})
    stores = scene.conductor.stores
    stores.database.rows("DELETE FROM outbox RETURNING id")

    scene.wake()

    effects = [args[1] for task, args in open_tasks(stores) if task == EFFECT_TASK]
    assert effects == ["publish"]
    assert scene.publish().startswith("published: ")


@settings(max_examples=60, deadline=None)
@given(
    queue=st.sampled_from(["dev-e-python", "dev-e-node", "dev-e-dotnet", "ios"]),
    priority=st.integers(0, 3),
    hold=st.sampled_from([None, "dependency", "no eligible worker"]),
    internal=st.booleans(),
)
@pytest.mark.incident("A2")
def test_a2_an_approval_is_claimable_held_in_words_or_refused_and_never_nothing(
    *, queue: str, priority: int, hold: str | None, internal: bool
) -> None:
    life = Life()
    held = None if hold is None else Hold(waits_for=hold, sentence="it waits", blocking=True)
    repositories = InternalRepositories(ids=frozenset({1} if internal else set()))

    life.tell(
        Admit(approved=approval(queue=queue, priority=priority), hold=held, internal=repositories)
    )

    state = life.issue
    claimable = state.wanted_queue == queue and Bell(queue=queue) in life.effects
    ways = (claimable, state.hold_sentence != "", state.refusal_code is not None)
    assert ways.count(True) == 1


@pytest.mark.incident("A2")
def test_a2_a_worker_that_gets_nothing_is_told_why(
    stores: Stores, database_url: str, tmp_path: Path
) -> None:
    kit = make_kit(stores, database_url, tmp_path)
    shown: list[UUID | None] = []

    for why, change in (
        (NotClaimed.NOTHING, {}),
        (NotClaimed.LIMIT, {"limits": Limits(total=0)}),
    ):
        if why is NotClaimed.LIMIT:
            approve(stores, 1)
        kit = make_kit(stores, database_url, tmp_path, **change)
        said = answer_bell(kit, queue=QUEUE, holder="w", present=shown.append)
        assert said == f"dropped: {why}"

    assert shown == [None, None]


@pytest.mark.incident("A5")
def test_a5_a_review_is_claimable_the_moment_its_pull_request_is_there() -> None:
    life = Life()
    life.approve()
    life.implement()
    assert life.issue.run is None
    before = len(life.effects)

    life.publish()

    assert (life.issue.wanted_stage, life.issue.wanted_queue) == (Stage.REVIEW, "review-e")
    assert Bell(queue="review-e") in life.effects[before:]


@pytest.mark.incident("A11")
def test_a11_a_relay_that_began_while_redis_was_down_sends_everything_once_it_is_up(
    stores: Stores, database: Database
) -> None:
    # given a relay that starts while nobody listens at its broker's address
    with TemporaryValkey() as valkey:
        url = valkey.url
        valkey.server.stop()
        relay = relay_on(stores, url, sweeping=False)
        for number in (1, 2):
            admit(stores, number)
            relay.turn()
        (answers,) = database.rows("SELECT ok FROM service_status WHERE name = 'redis'")[0]
        assert answers is False

        # when the broker comes up at last
        valkey.server.start()
        assert valkey.url == url
        database.rows("UPDATE outbox SET available_at = now() RETURNING id")
        relay.turn()

        # then the same relay rings for both
        assert bells(url) == 2


class Refusing:
    """A provider that refuses every run, met where a run first needs anything from outside."""

    def __init__(self, failure: FailureClass) -> None:
        self.failure = failure
        self.asked = 0

    def ask(self, _stream: str, _run_id: UUID, _epoch: int, _public_key: bytes) -> None:
        self.asked += 1
        raise CredentialsRefused("no more until tomorrow", failure=self.failure)

    def answer(self, _run_id: UUID, _epoch: int) -> bytes | None:
        return None


def ring(kit: object, times: int) -> list[str]:
    return [
        answer_bell(kit, queue=QUEUE, holder=f"w{one}", present=lambda _: None)  # type: ignore[arg-type]
        for one in range(times)
    ]


@pytest.mark.incident("A29", "A32")
def test_a29_work_is_not_given_to_a_provider_whose_quota_is_used_up(
    stores: Stores, database: Database, database_url: str, tmp_path: Path
) -> None:
    # given nine issues and a provider that refuses the first
    for number in range(1, 10):
        approve(stores, number)
    refusing = Refusing(FailureClass.PROVIDER_QUOTA)
    kit = make_kit(stores, database_url, tmp_path, credentials=refusing)

    # when the workers go on ringing
    first, *rest = ring(kit, 6)

    # then one run was begun, the others are where they were, and nothing has failed
    assert first.startswith("failed (provider_quota)")
    assert all(said.startswith("dropped: scripted asked for a pause of ") for said in rest)
    assert refusing.asked == 1
    lanes = database.rows("SELECT lane, count(*) FROM issues GROUP BY lane")
    assert dict(lanes) == {"queued": 9}
    assert stores.outbox.claimable_by_queue() == {QUEUE: 8}

    # and when the window opens again, the next worker claims
    database.rows("UPDATE rate_windows SET closed_until = now() RETURNING identity")
    ring(kit, 1)
    assert refusing.asked == 2


@pytest.mark.incident("A33")
def test_a33_a_worker_whose_key_is_refused_does_not_fail_the_whole_queue(
    stores: Stores, database: Database, database_url: str, tmp_path: Path
) -> None:
    for number in range(1, 6):
        approve(stores, number)
    refusing = Refusing(FailureClass.PROVIDER_AUTH)

    ring(make_kit(stores, database_url, tmp_path, credentials=refusing), 5)

    lanes = database.rows("SELECT lane, count(*) FROM issues GROUP BY lane")
    assert dict(lanes) == {"failed": 1, "queued": 4}


@pytest.mark.incident("A32")
@pytest.mark.parametrize("failure", [FailureClass.WORK, FailureClass.INFRA])
def test_a32_what_one_issue_does_to_its_agent_closes_the_provider_for_nobody(
    stores: Stores, database_url: str, tmp_path: Path, failure: FailureClass
) -> None:
    for number in (1, 2):
        approve(stores, number)
    refusing = Refusing(failure)

    ring(make_kit(stores, database_url, tmp_path, credentials=refusing), 2)

    assert refusing.asked == 2


@pytest.mark.incident("A30")
def test_a30_work_that_met_a_used_up_quota_goes_on_by_itself_when_it_is_back() -> None:
    life = Life()
    life.approve()
    life.implement()
    life.publish()
    refusal = Failed(
        failure=FailureClass.PROVIDER_QUOTA, reason="used up until noon", retry_seconds=7200.0
    )

    life.finish(life.claim(), refusal)

    state = life.issue
    assert (state.lane, state.wanted_stage, state.overlay) == (Lane.IN_REVIEW, Stage.REVIEW, None)
    assert (state.attempts, state.abstentions, state.review_loops) == (0, 0, 0)
    assert state.retry_at is not None
    assert (state.retry_at - life.now).total_seconds() == 7200.0


@pytest.mark.incident("A31")
def test_a31_the_next_try_that_is_announced_is_the_one_the_claim_waits_for(
    stores: Stores, database: Database, database_url: str, tmp_path: Path
) -> None:
    stream = approve(stores, 1)
    refusing = Refusing(FailureClass.PROVIDER_DOWN)
    kit = make_kit(stores, database_url, tmp_path, credentials=refusing)

    assert ring(kit, 1)[0].startswith("failed (provider_down)")

    state = stores.events.load(stream).state
    assert state is not None
    (claim_after,) = database.rows("SELECT claim_after FROM issues")[0]
    assert state.retry_at == claim_after
    assert ring(kit, 1) == [f"dropped: {NotClaimed.NOTHING}"]
    database.rows("UPDATE issues SET claim_after = now() RETURNING stream")
    ring(kit, 1)
    assert refusing.asked == 2


@pytest.mark.incident("dispatch-1")
def test_dispatch_1_an_issue_of_a_queue_without_worker_is_held_in_words_until_one_comes(
    scene: Scene,
) -> None:
    scene.label()

    assert scene.state.hold == "no eligible worker"
    assert QUEUE in scene.state.hold_sentence
    assert "ISSUE_HELD" in scene.types()

    scene.conductor.stores.heartbeats.beat(
        holder="w", agent=QUEUE, queue=QUEUE, version="1", config_hash="", isolation="none"
    )
    assert scene.claim().stream == scene.stream
    assert scene.state.hold is None
