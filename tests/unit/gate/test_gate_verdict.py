"""Every gate alone can stop a merge, and only facts of this head can allow one."""

from collections.abc import Callable

import pytest
from gate_facts import (
    AUTHOR,
    HEAD,
    NOW,
    READ_AT,
    check,
    green_facts,
    reason,
    replace,
    review,
    thread,
    with_pull,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from rigtasks.gate import facts as f
from rigtasks.gate.human_gates import TamperFinding, TamperReport
from rigtasks.gate.result import Gate, GateStatus
from rigtasks.gate.rules import RULES
from rigtasks.gate.verdict import Verdict, evaluate

PAUSE = f.Pause(
    scope=f.PauseScope.RIG, target="rig", by="anna", reason="release freeze", at=READ_AT
)

#: For each gate, the smallest spoiling of green facts that no other gate notices.
ONLY_THIS_GATE = {
    Gate.CI: green_facts(checks=(check(conclusion="failure"),)),
    Gate.REVIEW: green_facts(reviews=()),
    Gate.CLOSES: with_pull(body="Adds a farewell."),
    Gate.THREADS: green_facts(threads=(thread(resolved=False, resolved_by_id=None),)),
    Gate.LABELS: with_pull(labels=("do-not-merge",)),
    Gate.CODEOWNERS: green_facts(codeowners=f.Codeowners(path="CODEOWNERS", text="* @anna")),
    Gate.HUMAN_GATE: green_facts(human_gates=(reason(),)),
    Gate.SIZE: green_facts(change=f.Change(head_sha=HEAD, files=21, lines=30, paths=("app.py",))),
    Gate.TAMPER: green_facts(
        tamper=TamperReport(
            head_sha=HEAD,
            findings=(TamperFinding(kind="test-deleted", path="t.py", summary="t.py deleted"),),
        )
    ),
    Gate.PULL_REQUEST: with_pull(draft=True),
    Gate.BASE: with_pull(base_ref="release"),
    Gate.CONFIG: green_facts(config=f.Config(at_claim="1" * 40, on_base="2" * 40)),
    Gate.ISSUE: green_facts(
        issue=f.Issue(
            ref=f.IssueRef(repository="acme/api", number=7),
            state="closed",
            labels=(),
            ready_label="agent-ready",
            digest="",
        )
    ),
    Gate.MODE: green_facts(merge_mode=f.MergeMode.NEVER),
    Gate.MERGEABLE: with_pull(mergeable=False, mergeable_state="dirty"),
    Gate.PAUSED: green_facts(pauses=(PAUSE,)),
    Gate.BUDGET: green_facts(budget=f.BudgetState.EXCEEDED),
}


def blocked_by(facts: f.GateFacts) -> set[Gate]:
    verdict = evaluate(facts, NOW)
    assert verdict.passes is (verdict.blockers == ())
    return {one.id for one in verdict.blockers}


def test_green_facts_pass_every_gate_with_a_result_each() -> None:
    verdict = evaluate(green_facts(), NOW)

    assert verdict.passes
    assert verdict.blockers == ()
    assert [one.id for one in verdict.results] == [rule.gate for rule in RULES]
    assert {one.sha for one in verdict.results} == {HEAD}
    assert {one.checked_at for one in verdict.results} == {READ_AT}
    assert verdict.evaluated_at == NOW


def test_the_table_asks_every_gate_once() -> None:
    assert sorted(rule.gate for rule in RULES) == sorted(Gate)


@pytest.mark.parametrize("gate", list(Gate))
def test_each_gate_alone_stops_a_merge(gate: Gate) -> None:
    assert blocked_by(ONLY_THIS_GATE[gate]) == {gate}


@pytest.mark.parametrize("gate", list(Gate))
def test_a_verdict_without_one_of_the_gates_does_not_pass(gate: Gate) -> None:
    whole = evaluate(green_facts(), NOW)
    lacking = replace(whole, results=tuple(one for one in whole.results if one.id is not gate))

    assert lacking.blockers == ()
    assert not lacking.passes
    with pytest.raises(KeyError):
        lacking.result(gate)


def test_an_empty_verdict_does_not_pass() -> None:
    empty = Verdict(
        repository_id=1, pr=1, head_sha=HEAD, results=(), read_at=READ_AT, evaluated_at=NOW
    )

    assert not empty.passes


def test_every_blocker_is_listed_not_only_the_first() -> None:
    facts = with_pull(green_facts(reviews=(), pauses=(PAUSE,)), draft=True, body="")

    assert blocked_by(facts) == {Gate.REVIEW, Gate.PAUSED, Gate.PULL_REQUEST, Gate.CLOSES}


@pytest.mark.parametrize("gate", list(Gate))
def test_every_blocker_says_who_can_unblock_it_and_how(gate: Gate) -> None:
    result = evaluate(ONLY_THIS_GATE[gate], NOW).result(gate)

    assert result.summary
    assert result.can_unblock
    assert all(one.who and one.how for one in result.can_unblock)


@pytest.mark.parametrize("source", list(f.Source))
def test_a_source_that_could_not_be_read_is_unknown_and_never_a_pass(source: f.Source) -> None:
    lost = f.UnknownSource(source=source, why="timeout")
    verdict = evaluate(green_facts(unknown_sources=(lost,)), NOW)

    assert not verdict.passes
    assert {one.id for one in verdict.blockers} == {
        rule.gate for rule in RULES if source in rule.reads
    }
    assert all(one.status is GateStatus.UNKNOWN for one in verdict.blockers)
    assert all("timeout" in one.summary for one in verdict.blockers)


def test_a_push_after_approval_and_green_ci_makes_every_fact_of_the_old_head_worthless() -> None:
    pushed = with_pull(head_sha="f" * 40)

    assert blocked_by(pushed) >= {Gate.CI, Gate.REVIEW, Gate.SIZE, Gate.TAMPER, Gate.HUMAN_GATE}


@pytest.mark.incident("B42")
def test_new_green_ci_on_the_pushed_head_does_not_bring_back_the_old_approval() -> None:
    new = "f" * 40
    facts = with_pull(head_sha=new)
    facts = replace(
        facts,
        checks=(check(head_sha=new),),
        change=replace(facts.change, head_sha=new),
        commits=replace(facts.commits, head_sha=new),
        tamper=TamperReport(head_sha=new),
    )

    assert blocked_by(facts) == {Gate.REVIEW}


Restriction = Callable[[f.GateFacts], f.GateFacts]

RESTRICTIONS = st.lists(
    st.sampled_from(
        [
            lambda x: replace(
                x,
                required_checks=(
                    *x.required_checks,
                    f.RequiredCheck(name="lint", required_by=f.RequiredBy.REPOSITORY),
                ),
            ),
            lambda x: replace(x, block_labels=(*x.block_labels, "agent-ready", "wip")),
            lambda x: replace(x, human_gates=(*x.human_gates, reason("db/migrate.sql"))),
            lambda x: replace(x, size=replace(x.size, max_files=1)),
            lambda x: replace(x, merge_mode=f.MergeMode.NEVER),
            lambda x: replace(x, pauses=(*x.pauses, PAUSE)),
            lambda x: replace(x, allowed_bases=()),
            lambda x: replace(x, skippable_checks=frozenset()),
            lambda x: replace(x, codeowners=f.Codeowners(path="CODEOWNERS", text="*.py @anna")),
            lambda x: replace(x, accounts=replace(x.accounts, reviewer_ids=frozenset[int]())),
            lambda x: replace(
                x,
                unknown_sources=(
                    *x.unknown_sources,
                    f.UnknownSource(source=f.Source.REVIEWS, why="503"),
                ),
            ),
        ]
    ),
    max_size=4,
)

CHECKS = st.lists(
    st.builds(
        check,
        name=st.sampled_from(["test", "lint", "docs"]),
        id=st.integers(1, 6),
        conclusion=st.sampled_from(["success", "failure", "skipped", "neutral"]),
        app_id=st.sampled_from([7, 8, None]),
        kind=st.sampled_from(list(f.CheckKind)),
    ),
    max_size=4,
).map(tuple)

REVIEWS = st.lists(
    st.builds(
        review,
        id=st.integers(1, 9),
        reviewer_id=st.sampled_from([AUTHOR, 12, 21]),
        state=st.sampled_from(list(f.ReviewState)),
        commit_id=st.sampled_from([HEAD, "b" * 40]),
        can_write=st.sampled_from([True, False, None]),
    ),
    max_size=4,
).map(tuple)

FACTS = st.builds(
    green_facts,
    checks=CHECKS,
    reviews=REVIEWS,
    required_checks=st.sampled_from(
        [(), (f.RequiredCheck(name="test"),), (f.RequiredCheck(name="test", app_id=7),)]
    ),
    threads=st.sampled_from([(), (thread(),), (thread(resolved_by_id=AUTHOR),)]),
    skippable_checks=st.sampled_from([frozenset(), frozenset({"docs"})]),
)


@settings(max_examples=150, deadline=None)
@given(FACTS, RESTRICTIONS)
def test_a_restriction_never_makes_a_merge_possible(
    facts: f.GateFacts, restrictions: list[Restriction]
) -> None:
    restricted = facts
    for restrict in restrictions:
        restricted = restrict(restricted)

    if evaluate(restricted, NOW).passes:
        assert evaluate(facts, NOW).passes


@settings(max_examples=150, deadline=None)
@given(FACTS)
def test_a_pass_always_stands_on_an_approval_and_a_green_check_of_this_head(
    facts: f.GateFacts,
) -> None:
    if not evaluate(facts, NOW).passes:
        return
    approvals = [
        one
        for one in facts.reviews
        if one.state is f.ReviewState.APPROVED
        and one.commit_id == HEAD
        and one.reviewer_id in facts.accounts.reviewer_ids
        and one.reviewer_id not in facts.commits.account_ids
    ]
    green = [one for one in facts.checks if one.head_sha == HEAD and one.conclusion == "success"]
    assert approvals
    assert green or facts.skippable_checks


@settings(max_examples=60, deadline=None)
@given(FACTS)
def test_a_push_never_keeps_a_pass(facts: f.GateFacts) -> None:
    assert not evaluate(with_pull(facts, head_sha="f" * 40), NOW).passes


@settings(max_examples=60, deadline=None)
@given(FACTS)
def test_the_same_facts_give_the_same_verdict_in_any_order(facts: f.GateFacts) -> None:
    turned = replace(
        facts,
        checks=facts.checks[::-1],
        threads=facts.threads[::-1],
        required_checks=facts.required_checks[::-1],
    )

    assert evaluate(facts, NOW).passes is evaluate(turned, NOW).passes
