"""Webhooks that arrive, are lost, come twice or late, and are asked for again: on both sides."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
from posts import ACCEPTED, SECRET, Letterbox, MemoryPost, Post, SandboxPost
from towns import plan

from rigtasks.conductor.context import Conductor
from rigtasks.conductor.reconcile import (
    Redelivered,
    ask_for_lost_deliveries,
    watched_repositories,
)
from rigtasks.errors import Rejected
from rigtasks.eventstore.deliveries import Delivery, DeliveryStatus
from rigtasks.github.errors import EffectUnknown, NotFound, Unavailable
from rigtasks.github.identities import RepositoryRef, Role
from rigtasks.github.installations import AppView
from rigtasks.github.issues import comment_once
from rigtasks.github.payloads import parse_delivery
from rigtasks.github.signature import SignatureVerifier
from rigtasks.github.webhook_facts import IssueCommentFact, IssueFact, semantic_key
from rigtasks.lifecycle.events.intake import IssueLimits
from rigtasks.lifecycle.timers import Timers
from rigtasks.local.github.faults.plan import NO_FAULTS
from rigtasks.local.github.hub import Options
from rigtasks.local.github.seeding import Seeder
from rigtasks.routing.facts import IntakePolicy
from rigtasks.routing.internal import InternalRepositories
from rigtasks.routing.labels import READY
from rigtasks.routing.stack import Queue
from rigtasks.shell import IssueShell
from rigtasks.testing.judged_github import JudgedGitHub
from rigtasks.testing.mailbox import Arrived, listening
from rigtasks.testing.memory_store import MemoryDatabase
from rigtasks.testing.memory_stores import stores_in
from rigtasks.testing.memory_tables import MemoryDeliveries
from rigtasks.workspace.clean_clones import GitCleanClones

LONG_AGO = timedelta(days=2)


@pytest.fixture(scope="module")
def boxed(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[JudgedGitHub, Letterbox]]:
    """One sandbox for all tests of this file, and where its webhooks arrive."""
    box = Letterbox()
    with listening(box.take) as url:
        options = Options(
            data_dir=tmp_path_factory.mktemp("github"),
            webhook_url=url,
            webhook_secret=SECRET,
            run_ci=False,
        )
        with JudgedGitHub(options) as sandbox:
            yield sandbox, box


@pytest.fixture(params=["memory", "sandbox"])
def post(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Post]:
    if request.param == "memory":
        yield MemoryPost()
        return
    sandbox, box = request.getfixturevalue("boxed")
    with Seeder(sandbox.url, sandbox.admin_token) as seeder:
        name = f"octo/shop-{abs(hash(request.node.nodeid)):x}"
        yield SandboxPost(sandbox, seeder, name, tmp_path, box)


@pytest.fixture
def view(post: Post) -> AppView:
    found = post.town.github.app_view(Role.CONDUCTOR)
    assert found is not None
    return found


@pytest.fixture
def rig(post: Post, tmp_path: Path) -> Conductor:
    stores = stores_in(MemoryDatabase())
    return Conductor(
        stores=stores,
        shell=IssueShell(stores, Timers()),
        github=post.town.github,
        intake=IntakePolicy(internal=InternalRepositories(), queues=frozenset(Queue)),
        label=READY,
        limits=IssueLimits(),
        app_ids={},
        mail_host="github.test",
        clones=GitCleanClones(tmp_path / "clones"),
        now=post.now,
        alone=lambda _: nullcontext(),
    )


def lost(post: Post, view: AppView) -> list[str]:
    return [one.guid for one in view.lost_deliveries(since=post.now() - LONG_AGO)]


def guids(arrived: list[Arrived]) -> list[str]:
    return [one.guid for one in arrived]


def titles(arrived: list[Arrived]) -> list[str | None]:
    facts = [parse_delivery(one.event, one.body) for one in arrived]
    return [one.title if isinstance(one, IssueFact) else None for one in facts]


def test_what_people_and_the_rig_do_is_told_signed_and_understood(post: Post) -> None:
    town = post.town
    number = town.create_issue("Prices", "Round.")
    town.label(number, "agent-ready")
    comment_once(town.api(Role.CONDUCTOR), number, key="status", body="Queued")

    arrived = post.arrives(3)

    verifier = SignatureVerifier([SECRET])
    for each in arrived:
        verifier.verify(each.body, each.signature)
        with pytest.raises(Rejected):
            SignatureVerifier(["another"]).verify(each.body, each.signature)
    facts = [parse_delivery(each.event, each.body) for each in arrived]
    opened, labeled, commented = facts
    assert isinstance(opened, IssueFact)
    assert isinstance(labeled, IssueFact)
    assert isinstance(commented, IssueCommentFact)
    assert (labeled.repository.id, labeled.number) == (town.shop.id, number)
    assert (labeled.action, labeled.label) == ("labeled", "agent-ready")
    assert labeled.sender is not None
    assert labeled.sender.login == "mona"
    assert commented.sender is not None
    assert commented.sender.id == town.bots()[Role.CONDUCTOR]
    assert len({semantic_key(fact) for fact in facts}) == len(set(guids(arrived))) == 3


def test_what_the_receiver_refused_is_sent_again_under_its_guid(post: Post, view: AppView) -> None:
    post.box.status = 500
    post.town.create_issue("Prices")
    (refused,) = post.arrives(1)
    (attempt,) = view.lost_deliveries(since=post.now() - LONG_AGO)
    assert (attempt.guid, attempt.event, attempt.action) == (refused.guid, "issues", "opened")
    assert (attempt.redelivery, attempt.arrived, attempt.status_code) == (False, False, 500)

    view.redeliver(attempt.id)
    (again,) = post.arrives(1)
    assert (again.guid, again.body, again.signature) == (
        refused.guid,
        refused.body,
        refused.signature,
    )
    (second,) = view.lost_deliveries(since=post.now() - LONG_AGO)
    assert (second.guid, second.redelivery) == (refused.guid, True)
    assert second.id != attempt.id

    post.box.status = ACCEPTED
    view.redeliver(second.id)
    assert guids(post.arrives(1)) == [refused.guid]
    assert lost(post, view) == [refused.guid], "its failed attempts stay in the log"


def test_what_arrived_is_not_lost_and_old_losses_are_left_alone(post: Post, view: AppView) -> None:
    post.town.create_issue("Arrives")
    post.arrives(1)
    assert lost(post, view) == []

    post.box.status = 503
    post.town.create_issue("Is refused")
    post.arrives(1)

    assert len(lost(post, view)) == 1
    assert view.lost_deliveries(since=post.now() + timedelta(minutes=1)) == ()


def test_nothing_is_delivered_again_that_was_never_delivered(post: Post, view: AppView) -> None:
    with pytest.raises(NotFound):
        view.redeliver(987_654_321)
    assert post.arrives(0) == []


def test_the_repositories_of_an_installation_are_listed(post: Post, rig: Conductor) -> None:
    view = post.town.github.app_view(Role.CONDUCTOR)
    assert view is not None

    (installation,) = view.installations()
    shop = post.town.shop

    assert installation.account is not None
    assert installation.account.login == "octo"
    assert shop in [one.ref for one in view.repositories(installation.id)]
    assert shop in watched_repositories(rig)
    post.town.rename("store")
    assert [one.event for one in post.arrives(1)] == ["repository"]
    watched = watched_repositories(rig)
    assert shop not in watched
    assert RepositoryRef(id=shop.id, full_name="octo/store") in watched


def test_the_reconciler_asks_once_for_each_that_was_not_sent(
    post: Post, view: AppView, rig: Conductor
) -> None:
    post.town.faults.install(plan({"kind": "webhook-fail", "events": ["issues"], "times": 2}))
    number = post.town.create_issue("Prices")
    post.town.label(number, "agent-ready")
    post.town.comment("mona", number, "soon")
    post.arrives(1)
    missing = lost(post, view)
    assert len(set(missing)) == 2

    assert ask_for_lost_deliveries(rig) == Redelivered(asked=2, refused=0)
    assert sorted(guids(post.arrives(2))) == sorted(missing)
    assert ask_for_lost_deliveries(rig) == Redelivered()
    assert post.arrives(0) == []


def test_the_reconciler_does_not_ask_for_what_it_has(
    post: Post, view: AppView, rig: Conductor
) -> None:
    post.box.status = 500
    post.town.create_issue("Prices")
    post.arrives(1)
    (guid,) = lost(post, view)
    assert isinstance(rig.stores.deliveries, MemoryDeliveries)
    rig.stores.deliveries.receive(
        Delivery(
            delivery_id=guid,
            event="issues",
            action="opened",
            repo_id=post.town.shop.id,
            repo=post.town.shop.full_name,
            number=1,
            headers={},
            payload=b"{}",
            received_at=post.now(),
            status=DeliveryStatus.PENDING,
            outcome=None,
            attempts=0,
        )
    )

    assert ask_for_lost_deliveries(rig) == Redelivered()
    assert post.arrives(0) == []


def under(post: Post, *faults: dict[str, object]) -> Callable[[], None]:
    """Put a plan in force; the return value takes it out and says that every rule struck."""
    post.town.faults.install(plan(*faults))

    def end() -> None:
        report = post.town.faults.report()
        post.town.faults.install(NO_FAULTS)
        assert all(rule["injected"] for rule in report["rules"]), report

    return end


def test_a_dropped_webhook_leaves_no_trace(post: Post, view: AppView) -> None:
    end = under(post, {"kind": "webhook-drop", "times": 1})
    post.town.create_issue("Never told")
    post.town.create_issue("Told")

    assert titles(post.arrives(1)) == ["Told"]
    assert lost(post, view) == []
    end()


@pytest.mark.parametrize(("guid", "different"), [("same", 1), ("new", 3)])
def test_a_webhook_comes_several_times(
    post: Post, view: AppView, guid: str, different: int
) -> None:
    end = under(post, {"kind": "webhook-duplicate", "guid": guid, "copies": 2, "times": 1})
    post.town.create_issue("Prices")

    arrived = post.arrives(3)

    assert titles(arrived) == ["Prices"] * 3
    assert len(set(guids(arrived))) == different
    assert lost(post, view) == []
    end()


def test_webhooks_overtake_one_another(post: Post) -> None:
    end = under(post, {"kind": "webhook-reorder", "behind": 2, "patience": 600.0, "times": 1})
    for title in ("first", "second", "third", "fourth"):
        post.town.create_issue(title)

    assert titles(post.arrives(4)) == ["second", "third", "first", "fourth"]
    end()


def test_a_webhook_comes_late(post: Post) -> None:
    end = under(post, {"kind": "webhook-delay", "seconds": post.a_while, "times": 1})
    for title in ("first", "second"):
        post.town.create_issue(title)

    assert titles(post.arrives(2)) == ["second", "first"]
    end()


def test_a_list_that_cannot_be_read_is_no_empty_list(
    post: Post, view: AppView, rig: Conductor
) -> None:
    broken = {"kind": "error-before", "status": 503, "methods": ["GET"], "times": 2}
    end = under(post, {**broken, "paths": ["/app/hook/deliveries"]})

    with pytest.raises(Unavailable):
        view.lost_deliveries(since=post.now() - LONG_AGO)
    with pytest.raises(Unavailable):
        ask_for_lost_deliveries(rig)

    end()
    assert ask_for_lost_deliveries(rig) == Redelivered()


@pytest.mark.parametrize(("kind", "comes"), [("error-after", 1), ("error-before", 0)])
def test_an_answer_that_is_lost_is_not_asked_for_twice(
    post: Post, view: AppView, rig: Conductor, kind: str, comes: int
) -> None:
    post.box.status = 500
    post.town.create_issue("Prices")
    post.arrives(1)
    (attempt,) = view.lost_deliveries(since=post.now() - LONG_AGO)
    post.box.status = ACCEPTED
    end = under(post, {"kind": kind, "methods": ["POST"], "paths": ["/app/**"], "times": 2})

    with pytest.raises(EffectUnknown):
        view.redeliver(attempt.id)
    assert guids(post.arrives(comes)) == [attempt.guid] * comes
    if not comes:
        assert ask_for_lost_deliveries(rig) == Redelivered(asked=0, refused=1)
        end()
        assert ask_for_lost_deliveries(rig) == Redelivered()
