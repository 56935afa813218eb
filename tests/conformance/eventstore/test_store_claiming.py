import time
from datetime import timedelta
from uuid import uuid4

import pytest
from store_house import House

from rigtasks.errors import Permanent, StaleEpoch
from rigtasks.eventstore.claims import Limits, NotClaimed, Renewal
from rigtasks.gate.facts import StopSource
from rigtasks.lifecycle.events import intake, liveness, work
from rigtasks.lifecycle.state import Lane, Stage
from rigtasks.routing.admission import Providers
from rigtasks.routing.agent_config import AgentConfig
from rigtasks.routing.internal import InternalRepositories

STREAM = "issue:1:7:1"


def in_review(house: House) -> str:
    stream = house.approve()
    claimed = house.claimed()
    house.tell(
        stream,
        work.TestsPassed(
            run_id=claimed.run_id,
            epoch=claimed.epoch,
            base_sha="b1",
            head_sha="h1",
            artifact_id=uuid4(),
            command="pytest",
            files_changed=1,
            lines_changed=2,
        ),
        epoch=claimed.epoch,
        run_id=claimed.run_id,
    )
    house.tell(
        stream,
        work.PrCreated(
            pr=3,
            url="https://github.com/acme/api/pull/3",
            branch="feature/issue-7",
            head_sha="h1",
            base_branch="main",
            author_id=5,
        ),
    )
    return stream


def test_a_claim_assigns_the_issue_and_raises_its_epoch(house: House) -> None:
    house.approve()

    claimed = house.claimed()

    assert (claimed.stream, claimed.version, claimed.epoch) == (STREAM, 2, 1)
    assert claimed.stage is Stage.IMPLEMENT
    assert claimed.expires_at - claimed.claimed_at == timedelta(seconds=60)
    state = house.events.load(STREAM).state
    assert state is not None
    assert state.lane is Lane.ASSIGNED
    assert state.run is not None
    assert (state.run.run_id, state.run.holder) == (claimed.run_id, "dev-e-1")
    assert [lease.stream for lease in house.claims.live()] == [STREAM]
    event = house.events.events(STREAM)[-1].event
    assert event == intake.IssueAssigned(
        run_id=claimed.run_id, epoch=1, agent="dev-e", holder="dev-e-1", queue="dev-e-python"
    )


def test_nothing_is_claimed_twice_or_by_another_queue(house: House) -> None:
    house.approve()

    assert house.claim("dev-e-node") is NotClaimed.NOTHING
    assert house.claim("review-e") is NotClaimed.NOTHING
    house.claimed()
    assert house.claim() is NotClaimed.NOTHING

    assert len(house.events.events(STREAM)) == 2


def test_a_run_id_is_good_for_one_claim(house: House) -> None:
    house.approve(7)
    house.approve(8)
    claimed = house.claimed()

    with pytest.raises(Permanent):
        house.claim(run_id=claimed.run_id)

    assert len(house.claims.live()) == 1


def test_each_claim_of_an_issue_has_its_own_epoch(house: House) -> None:
    house.approve()
    epochs = []
    for _ in range(3):
        claimed = house.claimed()
        epochs.append(claimed.epoch)
        house.tell(
            STREAM, work.RunReleased(run_id=claimed.run_id, epoch=claimed.epoch, reason="shutdown")
        )

    assert epochs == [1, 2, 3]
    assert house.claims.live() == ()


def test_reviews_are_claimed_from_the_review_queue(house: House) -> None:
    stream = in_review(house)

    assert house.claim() is NotClaimed.NOTHING
    claimed = house.claimed("review-e", agent="review-e", holder="review-e-1")

    assert (claimed.stream, claimed.stage, claimed.epoch) == (stream, Stage.REVIEW, 2)
    state = house.events.load(stream).state
    assert state is not None
    assert state.lane is Lane.IN_REVIEW
    assert house.claim("review-e") is NotClaimed.NOTHING


def test_urgent_issues_go_first_then_the_older_approval(house: House) -> None:
    house.approve(1, priority=2)
    house.approve(2, priority=1, repo_id=2)
    house.approve(3, priority=1, repo_id=3)

    order = [house.claimed().stream for _ in range(3)]

    assert order == ["issue:2:2:1", "issue:3:3:1", "issue:1:1:1"]


def test_a_repository_with_fewer_live_claims_goes_first(house: House) -> None:
    house.approve(1)
    house.approve(2)
    house.approve(3, repo_id=2)

    order = [house.claimed().stream for _ in range(3)]

    assert order == ["issue:1:1:1", "issue:2:3:1", "issue:1:2:1"]


@pytest.mark.parametrize(
    "limits", [Limits(total=2), Limits(per_queue=2), Limits(total=0), Limits(per_queue=0)]
)
def test_limits_hold(house: House, limits: Limits) -> None:
    for number in range(1, 5):
        house.approve(number, repo_id=number)
    most = 2 if 2 in {limits.total, limits.per_queue} else 0

    answers = [house.claim(limits=limits) for _ in range(4)]

    assert len(house.claims.live()) == most
    assert answers[most:] == [NotClaimed.LIMIT] * (4 - most)


def test_a_full_repository_lets_others_pass(house: House) -> None:
    house.approve(1)
    house.approve(2)
    house.approve(3, repo_id=2, priority=2)
    limits = Limits(per_repository=1)

    first, second = house.claimed(limits=limits), house.claimed(limits=limits)

    assert [first.stream, second.stream] == ["issue:1:1:1", "issue:2:3:1"]
    assert house.claim(limits=limits) is NotClaimed.NOTHING
    house.tell(
        first.stream, work.RunReleased(run_id=first.run_id, epoch=first.epoch, reason="shutdown")
    )
    assert house.claimed(limits=limits).stream == "issue:1:1:1"


@pytest.mark.parametrize("scope", ["rig", "repo:1", STREAM])
def test_a_stopped_scope_gets_no_claims_until_it_is_lifted(house: House, scope: str) -> None:
    house.approve()
    house.switches.set(scope, reason="incident", actor="maria")

    assert house.claim() in {NotClaimed.PAUSED, NotClaimed.NOTHING}
    house.switches.lift(scope, actor="maria")

    assert house.claimed().stream == STREAM


def test_a_stopped_provider_gets_no_claims_and_its_run_hears_of_it(house: House) -> None:
    house.approve()
    held = house.claimed(providers=Providers(own="claude"))
    house.approve(8)
    house.switches.set("provider:claude", reason="odd", actor="maria")

    assert house.claim(providers=Providers(own="claude")) is NotClaimed.PAUSED
    told = {
        provider: house.claims.heartbeat(
            stream=held.stream,
            epoch=held.epoch,
            run_id=held.run_id,
            lease_seconds=60.0,
            provider=provider,
        )
        for provider in ("claude", "codex", None)
    }
    assert told == {"claude": Renewal.PAUSED, "codex": Renewal.HELD, None: Renewal.HELD}
    assert house.claimed(providers=Providers(own="codex")).stream == "issue:1:8:1"


def asking(number: int, provider: str | None) -> dict[str, object]:
    return {"number": number, "config": AgentConfig(provider=provider)}


def test_work_goes_to_workers_that_offer_the_provider_its_repository_asks_for(
    house: House,
) -> None:
    house.approve(**asking(7, "codex"))
    house.approve(**asking(8, None))
    ours = Providers(own="claude", offered=frozenset({"claude"}))

    assert house.claimed(providers=ours).stream == "issue:1:8:1"
    assert house.claim(providers=ours) is NotClaimed.NOTHING
    both = Providers(own="claude", offered=frozenset({"claude", "codex"}))
    assert house.claimed(providers=both).stream == STREAM


def test_a_provider_that_is_stopped_or_closed_holds_only_the_work_that_asks_for_it(
    house: House,
) -> None:
    house.approve(**asking(7, "codex"))
    house.approve(**asking(8, None))
    house.approve(**asking(9, "claude"))
    both = Providers(own="claude", offered=frozenset({"claude", "codex"}))
    house.switches.set("provider:codex", reason="odd", actor="maria")

    # the rig's own provider is used up, and the other one stopped
    assert house.claim(
        providers=Providers(own="claude", offered=frozenset({"codex"}))
    ) is NotClaimed.PAUSED  # fmt: skip
    taken = {house.claimed(providers=both).stream for _ in range(2)}
    assert taken == {"issue:1:8:1", "issue:1:9:1"}
    assert house.claim(providers=both) is NotClaimed.NOTHING

    # only the rig's own is closed: what asks for the other one goes on
    house.switches.lift("provider:codex", actor="maria")
    house.approve(**asking(10, None))
    closed = Providers(own="claude", offered=frozenset({"codex"}))
    assert house.claimed(providers=closed).stream == STREAM
    assert house.claim(providers=closed) is NotClaimed.NOTHING


def test_a_file_that_changes_between_two_runs_changes_who_may_go_on(house: House) -> None:
    house.approve(**asking(7, "codex"))
    first = house.claimed()
    began = work.WorkStarted(
        run_id=first.run_id,
        epoch=first.epoch,
        base_sha="b",
        isolation="none",
        config=AgentConfig(provider="claude"),
        config_sha="c2",
    )
    released = work.RunReleased(run_id=first.run_id, epoch=first.epoch, reason="shutdown")
    house.tell(first.stream, began, released)

    assert house.claim(providers=Providers(own="x", offered=frozenset({"codex"}))) is (
        NotClaimed.NOTHING
    )
    assert house.claimed(providers=Providers(own="x", offered=frozenset({"claude"}))).epoch == 2


def test_an_open_breaker_stops_every_generation(house: House) -> None:
    held_back = house.approve()
    held = house.claimed()
    house.switches.set("issue:1:7", reason="loop", actor="x", source=StopSource.BREAKER)
    beat = house.claims.heartbeat(
        stream=held.stream, epoch=held.epoch, run_id=held.run_id, lease_seconds=60.0
    )
    assert (held.stream, beat) == (held_back, Renewal.PAUSED)
    house.approve(7, generation=2)
    house.approve(70)

    assert house.claimed().stream == "issue:1:70:1"
    assert house.claim() is NotClaimed.NOTHING


def test_a_pause_whose_time_is_over_stops_nothing(house: House) -> None:
    house.approve()
    house.switches.set("rig", reason="a blink", actor="maria", seconds=0.0)

    assert house.claimed().stream == STREAM


def test_a_run_without_progress_is_silent_from_its_last_sign(house: House) -> None:
    house.approve()
    held = house.claimed()
    assert house.claims.silent(seconds=60.0) == ()
    beat = {"stream": held.stream, "epoch": held.epoch, "run_id": held.run_id}

    house.claims.heartbeat(**beat, lease_seconds=60.0, silent_seconds=0.0)

    (silent,) = house.claims.silent(seconds=0.0)
    assert (silent.stream, silent.epoch, silent.run_id) == (
        held.stream,
        held.epoch,
        held.run_id,
    )
    house.claims.heartbeat(**beat, lease_seconds=0.0)
    assert house.claims.silent(seconds=0.0) == ()


def test_a_stop_elsewhere_stops_nothing_here(house: House) -> None:
    house.approve()
    house.switches.set("repo:2", reason="incident", actor="maria")
    house.switches.set("issue:1:8:1", reason="incident", actor="maria")

    assert house.claimed().stream == STREAM


@pytest.mark.parametrize(
    "internal",
    [
        InternalRepositories(ids=frozenset({1})),
        InternalRepositories(names=frozenset({"acme/api"})),
    ],
)
def test_the_rigs_own_repositories_are_never_worked_in(
    house: House, internal: InternalRepositories
) -> None:
    house.approve()
    house.approve(9, repo="ACME/Api.git")
    house.approve(8, repo_id=2, repo="acme/web")

    assert house.claimed(internal=internal).stream == "issue:2:8:1"
    assert house.claim(internal=internal) is NotClaimed.NOTHING


def test_a_pull_request_in_the_rigs_own_repository_may_be_reviewed(house: House) -> None:
    stream = in_review(house)

    internal = InternalRepositories(ids=frozenset({1}), names=frozenset({"acme/api"}))
    assert house.claimed("review-e", internal=internal).stream == stream


def test_an_issue_waits_for_what_it_depends_on(house: House) -> None:
    house.approve(1)
    house.approve(2, repo_id=2, depends_on=("acme/api#1", "elsewhere/unknown#5"), priority=0)

    first = house.claimed()
    assert first.stream == "issue:1:1:1"
    assert house.claim() is NotClaimed.NOTHING
    house.tell(first.stream, intake.IssueDone(merge_sha="m1", pr=3))

    assert house.claimed().stream == "issue:2:2:1"


def test_what_was_withdrawn_from_the_rig_is_not_waited_for(house: House) -> None:
    first = house.approve(1)
    house.approve(2, repo_id=2, depends_on=("acme/api#1",))
    house.tell(first, intake.IssueCancelled(reason="issue closed", by="maria"))

    assert house.claimed().stream == "issue:2:2:1"


def test_a_closed_dependency_that_is_labelled_again_holds_nobody(house: House) -> None:
    first = house.approve(1)
    house.approve(2, repo_id=2, depends_on=("acme/api#1",))
    house.tell(first, intake.IssueDone(merge_sha="m1", pr=3))
    refused = intake.IssueRefused(
        ref="acme/api#1",
        repo_id=1,
        repo="acme/api",
        number=1,
        generation=2,
        title="Totals are wrong",
        code="already_closed",
        sentence="the issue is already closed",
        who_must_act="a person with write permission",
    )
    house.tell("issue:1:1:2", refused)

    assert house.claimed().stream == "issue:2:2:1"


@pytest.mark.incident("A31")
def test_a_retry_time_is_waited_for(house: House) -> None:
    house.approve()
    claimed = house.claimed()
    house.tell(
        STREAM,
        work.RunFailed(
            run_id=claimed.run_id,
            epoch=claimed.epoch,
            stage="implement",
            failure=work.FailureClass.INFRA,
            reason="the network was down",
            retry_seconds=0.3,
        ),
    )

    assert house.claim() is NotClaimed.NOTHING
    time.sleep(0.35)

    assert house.claimed().epoch == 2


def test_a_holder_that_asks_in_time_keeps_its_claim(house: House) -> None:
    house.approve()
    claimed = house.claimed(lease_seconds=0.4)
    lease = {"stream": STREAM, "epoch": claimed.epoch, "run_id": claimed.run_id}
    for _ in range(4):
        time.sleep(0.15)
        renewal = house.claims.heartbeat(**lease, lease_seconds=0.4)  # type: ignore[arg-type]
        assert renewal is Renewal.HELD

    assert house.claims.expired() == ()
    assert (
        house.claims.heartbeat(
            stream=STREAM, epoch=claimed.epoch + 1, run_id=claimed.run_id, lease_seconds=60
        )
        is Renewal.LOST
    )


def test_a_lease_that_ran_out_is_never_revived(house: House) -> None:
    house.approve()
    claimed = house.claimed(lease_seconds=0.05)
    time.sleep(0.08)

    renewal = house.claims.heartbeat(
        stream=STREAM, epoch=claimed.epoch, run_id=claimed.run_id, lease_seconds=60
    )

    assert renewal is Renewal.LOST
    assert house.claims.live() == ()
    assert [lease.run_id for lease in house.claims.expired()] == [claimed.run_id]
    with pytest.raises(StaleEpoch):
        house.tell(
            STREAM,
            liveness.OperatorNote(text="late", by="dev-e"),
            epoch=claimed.epoch,
            run_id=claimed.run_id,
        )
    assert house.claim() is NotClaimed.NOTHING  # only the sweep gives it away


def test_the_sweep_frees_a_lost_claim_for_the_next_holder(house: House) -> None:
    house.approve()
    house.claimed(lease_seconds=0.0)
    (lease,) = house.claims.expired()
    house.tell(
        lease.stream, work.RunLost(run_id=lease.run_id, epoch=lease.epoch, stage=lease.stage)
    )

    assert house.claims.expired() == ()
    assert house.claimed().epoch == 2


def test_a_holder_is_told_of_a_stop_and_of_the_end(house: House) -> None:
    house.approve()
    claimed = house.claimed()
    lease = {"stream": STREAM, "epoch": 1, "run_id": claimed.run_id, "lease_seconds": 60.0}

    house.switches.set("repo:1", reason="incident", actor="maria")
    assert house.claims.heartbeat(**lease) is Renewal.PAUSED  # type: ignore[arg-type]
    house.switches.lift("repo:1", actor="maria")
    assert house.claims.heartbeat(**lease) is Renewal.HELD  # type: ignore[arg-type]
    house.tell(STREAM, intake.IssueCancelled(reason="label removed", by="maria"))

    assert house.claims.heartbeat(**lease) is Renewal.CANCELLED  # type: ignore[arg-type]
    assert house.claims.live() == ()
