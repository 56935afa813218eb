"""CI counts only at the head, from the right app, newest first, and never vacuously."""

import pytest
from gate_facts import (
    AUTHOR_APP,
    CI_APP,
    CONDUCTOR_APP,
    NOW,
    OLD_HEAD,
    check,
    green_facts,
    replace,
    with_pull,
)

from rigtasks.gate import facts as f
from rigtasks.gate.result import Gate, GateResult, GateStatus
from rigtasks.gate.rules.ci import GATE_CHECK, Colour, check_verdicts, colour_of
from rigtasks.gate.verdict import evaluate


def ci(**changes: object) -> GateResult:
    return evaluate(green_facts(**changes), NOW).result(Gate.CI)


def required(name: str = "test", **changes: object) -> f.RequiredCheck:
    return f.RequiredCheck(name=name, **changes)


@pytest.mark.parametrize(
    ("status", "conclusion", "colour"),
    [
        ("completed", "success", Colour.GREEN),
        ("completed", "failure", Colour.RED),
        ("completed", "error", Colour.RED),
        ("completed", "timed_out", Colour.RED),
        ("completed", "startup_failure", Colour.RED),
        ("completed", "action_required", Colour.RED),
        ("completed", "cancelled", Colour.NOT_GREEN),
        ("completed", "skipped", Colour.NOT_GREEN),
        ("completed", "neutral", Colour.NOT_GREEN),
        ("completed", "stale", Colour.NOT_GREEN),
        ("completed", "SUCCESS", Colour.NOT_GREEN),
        ("completed", "a word of next year", Colour.NOT_GREEN),
        ("completed", None, Colour.NOT_GREEN),
        ("queued", None, Colour.RUNNING),
        ("in_progress", "success", Colour.RUNNING),
        ("waiting", None, Colour.RUNNING),
    ],
)
def test_only_a_completed_success_is_green(
    status: str, conclusion: str | None, colour: Colour
) -> None:
    assert colour_of(check(status=status, conclusion=conclusion)) is colour


@pytest.mark.parametrize("conclusion", ["skipped", "neutral"])
def test_a_check_the_operator_lists_as_skippable_may_be_idle_but_not_cancelled(
    conclusion: str | None,
) -> None:
    listed = frozenset({"test"})

    assert colour_of(check(conclusion=conclusion), listed) is Colour.GREEN
    assert colour_of(check(conclusion=conclusion, name="lint"), listed) is Colour.NOT_GREEN
    assert colour_of(check(conclusion="cancelled"), listed) is Colour.NOT_GREEN


@pytest.mark.incident("B39")
def test_no_check_at_all_is_pending_even_where_nothing_is_required() -> None:
    assert ci(required_checks=(), checks=()).status is GateStatus.PENDING
    assert ci(checks=()).status is GateStatus.PENDING


@pytest.mark.incident("B39")
def test_a_required_check_that_has_not_reported_is_named() -> None:
    result = ci(checks=(check("docs"),))

    assert result.status is GateStatus.PENDING
    assert "test: required, has not reported" in result.summary


def test_a_check_of_an_older_head_is_as_good_as_none() -> None:
    assert ci(checks=(check(head_sha=OLD_HEAD),)).status is GateStatus.PENDING
    assert ci(required_checks=(), checks=(check(head_sha=OLD_HEAD),)).status is GateStatus.PENDING


def test_a_green_check_from_another_app_than_expected_does_not_count() -> None:
    result = ci(checks=(check(app_id=66, app_slug="stranger"),))

    assert result.status is GateStatus.PENDING
    assert "reported by stranger, expected from app 7" in result.summary


def test_a_pinned_check_cannot_be_blocked_by_a_stranger_either() -> None:
    red_stranger = check(app_id=66, app_slug="stranger", conclusion="failure", id=999)

    assert ci(checks=(check(), red_stranger)).status is GateStatus.PASS


def test_a_required_check_without_an_app_needs_every_source_green() -> None:
    run = check()
    status = check(kind=f.CheckKind.STATUS, app_id=None, app_slug="", conclusion="failure")

    assert ci(required_checks=(required(),), checks=(run,)).status is GateStatus.PASS
    assert ci(required_checks=(required(),), checks=(run, status)).status is GateStatus.FAIL


@pytest.mark.parametrize("needed", [(), (f.RequiredCheck(name="test"),)])
def test_the_author_agents_own_app_cannot_make_anything_green(
    needed: tuple[f.RequiredCheck, ...],
) -> None:
    own = check(app_id=AUTHOR_APP, app_slug="dev-e")

    assert ci(required_checks=needed, checks=(own,)).status is not GateStatus.PASS


def test_the_newest_run_of_a_name_and_app_decides_both_ways() -> None:
    red, green = check(id=1, conclusion="failure"), check(id=2)

    assert ci(checks=(green, red)).status is GateStatus.PASS
    assert ci(checks=(check(id=3, conclusion="failure"), green)).status is GateStatus.FAIL


@pytest.mark.incident("merge-1")
def test_a_rerun_that_is_still_running_takes_back_the_green_one() -> None:
    rerun = check(id=901, status="in_progress", conclusion=None)

    assert ci(checks=(check(), rerun)).status is GateStatus.PENDING


def test_where_protection_requires_nothing_every_reported_check_must_be_green() -> None:
    red = check("docs", conclusion="failure", id=5)

    assert ci(required_checks=(), checks=(check(),)).status is GateStatus.PASS
    assert ci(required_checks=(), checks=(check(), red)).status is GateStatus.FAIL


def test_where_protection_names_checks_others_may_be_red() -> None:
    red = check("docs", conclusion="failure", id=5)

    assert ci(checks=(check(), red)).status is GateStatus.PASS


def test_a_check_the_repository_file_adds_does_not_excuse_the_others() -> None:
    added = required(required_by=f.RequiredBy.REPOSITORY)
    red = check("docs", conclusion="failure", id=5)

    assert ci(required_checks=(added,), checks=(check(), red)).status is GateStatus.FAIL
    assert ci(required_checks=(added,), checks=(check(),)).status is GateStatus.PASS


def test_a_red_check_is_a_failure_even_while_another_is_running() -> None:
    running = check("lint", status="queued", conclusion=None, id=5)
    red = check(conclusion="failure")
    needed = (required(app_id=CI_APP), required("lint"))

    result = ci(required_checks=needed, checks=(red, running))

    assert result.status is GateStatus.FAIL
    assert "test (ci): failure" in result.summary
    assert "lint (ci): queued" in result.summary


def test_the_gate_does_not_wait_for_its_own_check_run() -> None:
    own = check(GATE_CHECK, app_id=CONDUCTOR_APP, app_slug="conductor", status="in_progress", id=5)
    needed = (required(app_id=CI_APP), required(GATE_CHECK, app_id=CONDUCTOR_APP))

    assert ci(required_checks=needed, checks=(check(), own)).status is GateStatus.PASS
    assert ci(required_checks=needed[1:], checks=(own,)).status is GateStatus.PENDING


def test_somebody_elses_check_of_that_name_is_not_the_gates_own() -> None:
    forged = check(GATE_CHECK, app_id=66, conclusion="failure", id=5)

    assert ci(required_checks=(), checks=(check(), forged)).status is GateStatus.FAIL


def test_another_check_of_the_conductors_app_is_not_the_gates_own() -> None:
    other = check("deploy", app_id=CONDUCTOR_APP, conclusion="failure", id=5)

    assert ci(required_checks=(), checks=(check(), other)).status is GateStatus.FAIL


def test_without_a_known_conductor_app_no_check_is_the_gates_own() -> None:
    accounts = replace(green_facts().accounts, conductor_app_id=None)
    status = check(
        GATE_CHECK, app_id=None, app_slug="", kind=f.CheckKind.STATUS, conclusion="failure", id=5
    )

    red = ci(required_checks=(), checks=(check(), status), accounts=accounts)
    assert red.status is GateStatus.FAIL
    assert f"{GATE_CHECK} (status): failure" in red.summary
    missing = ci(required_checks=(required(GATE_CHECK),), accounts=accounts)
    assert missing.status is GateStatus.PENDING


def test_the_gates_name_required_from_another_app_is_waited_for() -> None:
    needed = (required(app_id=CI_APP), required(GATE_CHECK, app_id=66))

    assert ci(required_checks=needed).status is GateStatus.PENDING
    assert ci(required_checks=(*needed[:1], required(GATE_CHECK))).status is GateStatus.PASS


def test_a_status_that_two_senders_report_must_be_green_from_both() -> None:
    status = check(kind=f.CheckKind.STATUS, app_id=None, app_slug="jenkins", conclusion="failure")
    other = replace(status, id=999, app_slug="anna", conclusion="success")

    result = ci(required_checks=(required(),), checks=(status, other))

    assert result.status is GateStatus.FAIL


def test_the_first_red_check_is_linked_and_its_owner_told() -> None:
    red = check(conclusion="failure", url="https://ci.test/9")

    result = ci(required_checks=(required("lint"), required()), checks=(red,))

    assert result.evidence_url == "https://ci.test/9"
    assert result.can_unblock[0].url == "https://ci.test/9"
    assert result.can_unblock[0].who == "the author agent"
    assert "lint: required" in result.summary


def test_what_the_author_agents_app_reports_is_named_for_what_it_is() -> None:
    own = check(app_id=AUTHOR_APP, app_slug="dev-e")
    red = replace(own, conclusion="failure")

    assert "green only by the author's own app" in ci(required_checks=(), checks=(own,)).summary
    assert "test (dev-e): failure" in ci(required_checks=(), checks=(red,)).summary
    ignored = ci(required_checks=(required(),), checks=(replace(own, app_slug=""),))
    assert "reported by unknown, expected from an app that is not the author's" in ignored.summary


def test_each_check_is_counted_once() -> None:
    added = required(required_by=f.RequiredBy.REPOSITORY)
    result = ci(required_checks=(added,), checks=(check(), check("docs", id=5)))

    assert result.summary == "2 of 2 checks successful"


def test_a_status_and_a_check_run_with_the_same_id_are_two_checks() -> None:
    run = check(id=1)
    status = check("build", id=1, kind=f.CheckKind.STATUS, app_id=None, conclusion="failure")
    added = required(required_by=f.RequiredBy.REPOSITORY)

    verdicts = check_verdicts(green_facts(required_checks=(added,), checks=(run, status)))

    assert {one.name for one in verdicts} == {"test", "build"}


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("clean", GateStatus.PASS),
        ("has_hooks", GateStatus.PASS),
        ("unknown", GateStatus.PENDING),
        ("dirty", GateStatus.FAIL),
        ("behind", GateStatus.FAIL),
        ("blocked", GateStatus.FAIL),
        ("unstable", GateStatus.FAIL),
        ("a word of next year", GateStatus.FAIL),
    ],
)
def test_githubs_opinion_on_mergeability(state: str, status: GateStatus) -> None:
    verdict = evaluate(with_pull(mergeable_state=state), NOW)

    assert verdict.result(Gate.MERGEABLE).status is status


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"mergeable": False, "mergeable_state": "clean"}, "it conflicts with main"),
        ({"mergeable_state": "dirty"}, "it conflicts with main"),
        ({"mergeable_state": "behind"}, "the branch is behind its base"),
    ],
)
def test_a_conflict_and_an_old_base_go_back_to_the_author_agent(
    changes: dict[str, object], sentence: str
) -> None:
    result = evaluate(with_pull(**changes), NOW).result(Gate.MERGEABLE)

    assert (result.status, result.summary) == (GateStatus.FAIL, sentence)
    assert result.can_unblock[0].who == "the author agent"


def test_mergeability_that_github_still_computes_is_pending() -> None:
    verdict = evaluate(with_pull(mergeable=None), NOW)

    assert verdict.result(Gate.MERGEABLE).status is GateStatus.PENDING


def test_blocked_or_unstable_for_our_own_check_alone_is_no_deadlock() -> None:
    own = check(GATE_CHECK, app_id=CONDUCTOR_APP, conclusion="neutral", id=5)
    needed = (required(app_id=CI_APP), required(GATE_CHECK, app_id=CONDUCTOR_APP))
    blocked = green_facts(required_checks=needed, checks=(check(), own))
    unstable = green_facts(checks=(check(), own))

    assert evaluate(with_pull(blocked, mergeable_state="blocked"), NOW).passes
    assert evaluate(with_pull(unstable, mergeable_state="unstable"), NOW).passes


def test_blocked_before_our_own_check_was_ever_written_is_no_deadlock_either() -> None:
    needed = (required(app_id=CI_APP), required(GATE_CHECK, app_id=CONDUCTOR_APP))
    facts = green_facts(required_checks=needed, checks=(check(),))

    assert evaluate(with_pull(facts, mergeable_state="blocked"), NOW).passes


def test_blocked_although_our_own_check_is_green_is_somebody_elses_rule() -> None:
    own = check(GATE_CHECK, app_id=CONDUCTOR_APP, id=5)
    needed = (required(app_id=CI_APP), required(GATE_CHECK, app_id=CONDUCTOR_APP))
    facts = green_facts(required_checks=needed, checks=(check(), own))

    assert not evaluate(with_pull(facts, mergeable_state="blocked"), NOW).passes


def test_unstable_is_not_excused_when_another_check_is_red() -> None:
    own = check(GATE_CHECK, app_id=CONDUCTOR_APP, conclusion="neutral", id=5)
    red = check("docs", conclusion="failure", id=6)
    facts = replace(green_facts(), checks=(check(), own, red))

    result = evaluate(with_pull(facts, mergeable_state="unstable"), NOW).result(Gate.MERGEABLE)
    assert result.status is GateStatus.FAIL


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_readings_of_one_check_the_one_that_is_not_green_counts(order: int) -> None:
    readings = (check(), check(conclusion="failure"))[::order]

    assert ci(checks=readings).status is GateStatus.FAIL


def test_a_newer_check_run_does_not_stand_in_for_a_status_of_the_same_name() -> None:
    run = check(app_id=None, app_slug="", id=9)
    status = check(app_id=None, app_slug="", id=1, kind=f.CheckKind.STATUS, conclusion="failure")

    assert ci(required_checks=(), checks=(status, run)).status is GateStatus.FAIL


def test_checks_are_told_by_name_whatever_order_they_came_in() -> None:
    checks = (check("b", id=1), check("a", id=2), check("a", id=1, app_id=8, app_slug="other"))

    result = ci(required_checks=(), checks=checks)

    assert result.evidence == ("a (other): success", "a (ci): success", "b (ci): success")
