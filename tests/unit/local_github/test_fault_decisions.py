"""Which faults strike: pure, repeatable, and each kind from a stream of its own."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rigtasks.local.github.faults.decide import (
    DeliveryFacts,
    Progress,
    RequestFacts,
    at_the_start,
    decide,
    draw,
    path_matches,
)
from rigtasks.local.github.faults.injector import FaultInjector
from rigtasks.local.github.faults.plan import FaultPlan
from rigtasks.local.github.strict_data import DataInvalid, read_data

MERGE = RequestFacts(
    method="PUT",
    path="/repos/acme/shop/pulls/7/merge",
    caller="rig-conductor[bot]",
    has_token=True,
    reads=False,
    seconds=10.0,
)
OPENED = DeliveryFacts(event="issues", action="opened", seconds=0.0)


def plan(*faults: dict[str, Any], seed: int = 0) -> FaultPlan:
    return read_data({"seed": seed, "faults": list(faults)}, FaultPlan)


def struck(of: FaultPlan, *facts: RequestFacts | DeliveryFacts) -> list[tuple[int, ...]]:
    progress, found = at_the_start(of), []
    for each in facts:
        chosen, progress = decide(of, progress, each)
        found.append(chosen)
    return found


def changed(**fields: Any) -> RequestFacts:
    return RequestFacts(**{name: getattr(MERGE, name) for name in MERGE.__struct_fields__} | fields)


def test_the_next_two_merges_and_no_more() -> None:
    merges = {"kind": "error-after", "methods": ["PUT"], "paths": ["/repos/*/*/pulls/*/merge"]}
    other = changed(path="/repos/acme/shop/pulls/7")
    assert struck(plan({**merges, "times": 2}), MERGE, other, MERGE, MERGE) == [(0,), (), (0,), ()]


@pytest.mark.parametrize(
    ("limits", "strikes"),
    [
        ({"callers": ["Rig-Conductor[bot]"]}, True),
        ({"callers": ["mona"]}, False),
        ({"methods": ["POST"]}, False),
        ({"paths": ["/repos/*/shop/**"]}, True),
        ({"paths": ["/repos/*/pulls/**"]}, False),
        ({"after": 10}, True),
        ({"after": 10.5}, False),
        ({"until": 10}, False),
        ({"skip": 1}, False),
        ({"chance": 0}, False),
    ],
)
def test_a_rule_can_be_limited(limits: dict[str, Any], *, strikes: bool) -> None:
    assert struck(plan({"kind": "error-before", **limits}), MERGE) == [(0,) if strikes else ()]


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/repos/*/*/pulls", "/repos/a/b/pulls", True),
        ("/repos/*/*/pulls", "/repos/a/b/pulls/1", False),
        ("/repos/*/pulls", "/repos/a/b/pulls", False),
        ("/repos/**", "/repos/a/b/pulls/1", True),
        ("/*/*/git-receive-pack", "/a/b.git/git-receive-pack", True),
        ("/repos/a.b/*", "/repos/axb/c", False),
        ("/graphql", "/graphql", True),
    ],
)
def test_a_star_is_one_segment_and_two_are_any(pattern: str, path: str, *, matches: bool) -> None:
    assert path_matches(pattern, path) is matches


def test_a_token_ends_only_for_those_who_have_one_and_only_reads_are_stale() -> None:
    rules = plan({"kind": "token-expires"}, {"kind": "stale-read"}, {"kind": "unauthorized"})
    anonymous = changed(caller="anonymous", has_token=False)
    app = changed(caller="app/dev-e", has_token=False)
    assert struck(rules, anonymous, app) == [(), (2,)]
    assert struck(rules, changed(reads=True, caller="anonymous", has_token=False)) == [(1,)]


def test_what_is_refused_is_not_spoiled_a_second_time() -> None:
    rules = plan(
        {"kind": "slow", "seconds": 1},
        {"kind": "error-after", "times": 1},
        {"kind": "error-before", "times": 1},
        {"kind": "secondary-limit", "times": 1},
        {"kind": "cut"},
    )
    assert struck(rules, MERGE, MERGE, MERGE) == [(0, 2, 4), (0, 3, 4), (0, 1, 4)]


def test_rules_of_requests_and_of_webhooks_do_not_meet() -> None:
    rules = plan(
        {"kind": "error-before"},
        {"kind": "webhook-delay", "seconds": 1, "events": ["issues"]},
        {"kind": "webhook-duplicate", "events": ["issues.*"]},
        {"kind": "webhook-drop", "events": ["issues.closed", "pull_request*"]},
    )
    closed = DeliveryFacts(event="issues", action="closed", seconds=0.0)
    reviewed = DeliveryFacts(event="pull_request_review", action="submitted", seconds=0.0)
    found = struck(rules, MERGE, OPENED, closed, reviewed)
    assert found == [(0,), (1, 2), (3,), (3,)]


@given(st.integers(), st.integers(1, 40))
def test_another_kind_shifts_nothing(seed: int, requests: int) -> None:
    errors = {"kind": "error-before", "chance": 0.5}
    slow = {"kind": "slow", "seconds": 1, "chance": 0.5}
    facts = [MERGE] * requests
    alone = struck(plan(errors, seed=seed), *facts)
    beside = struck(plan(slow, errors, {**slow, "seconds": 2}, seed=seed), *facts)
    assert [0 in each for each in alone] == [1 in each for each in beside]


@given(st.integers(), st.text(), st.integers(1, 10**9))
def test_a_draw_is_repeatable_and_below_one(seed: int, stream: str, number: int) -> None:
    first = draw(seed, stream, number)
    assert 0 <= first < 1
    assert draw(seed, stream, number) == first


def test_draws_are_spread_and_differ_by_seed_and_stream() -> None:
    numbers = [draw(1, "slow#1", number) for number in range(1, 2_001)]
    assert 0.48 < sum(numbers) / len(numbers) < 0.52
    assert numbers != [draw(2, "slow#1", number) for number in range(1, 2_001)]
    assert numbers != [draw(1, "slow#2", number) for number in range(1, 2_001)]


def test_progress_counts_matches_and_what_was_spoiled() -> None:
    rules = plan({"kind": "error-before", "skip": 1, "times": 1})
    progress = at_the_start(rules)
    for _ in range(3):
        _, progress = decide(rules, progress, MERGE)
    assert progress == (Progress(matched=3, injected=1),)


def test_the_injector_keeps_a_numbered_list_and_begins_anew_with_a_plan() -> None:
    time = [100.0]
    injector = FaultInjector(clock=lambda: time[0])
    injector.install(plan({"kind": "error-before", "times": 1}, {"kind": "webhook-drop"}, seed=3))
    time[0] = 102.0
    assert len(injector.of_request(changed(seconds=injector.seconds))) == 1
    assert injector.of_request(MERGE) == ()
    assert len(injector.of_delivery("issues", "opened")) == 1
    report = injector.report()
    told = [(one.number, one.rule, one.kind, one.what, one.seconds) for one in report["injected"]]
    assert told == [
        (1, 0, "error-before", "PUT /repos/acme/shop/pulls/7/merge", 2.0),
        (2, 1, "webhook-drop", "issues.opened", 2.0),
    ]
    assert [rule["matched"] for rule in report["rules"]] == [2, 1]
    assert (report["plan"]["seed"], report["injected_count"]) == (3, 2)

    injector.install(plan())
    assert injector.report()["injected"] == []


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ({"kind": "error"}, "Invalid value 'error' (at $.faults[0].kind)"),
        ({"kind": "error-after", "stats": 502}, "unknown key `stats`; did you mean `status`?"),
        ({"kind": "error-after", "status": 404}, "Invalid enum value 404"),
        ({"kind": "slow"}, "missing required field `seconds`"),
        ({"kind": "slow", "seconds": -1}, "Expected `float` >= 0"),
        ({"kind": "cut", "chance": 2}, "Expected `float` <= 1"),
        ({"kind": "webhook-drop", "paths": ["/x"]}, "unknown key `paths`"),
        ({"kind": "stale-read", "methods": ["get"]}, "Invalid enum value 'get'"),
        ({"status": 502}, "missing required field `kind`"),
    ],
)
def test_a_plan_that_is_not_understood_is_refused(fault: dict[str, Any], problem: str) -> None:
    with pytest.raises(DataInvalid) as refused:
        plan(fault)
    assert problem in str(refused.value)
