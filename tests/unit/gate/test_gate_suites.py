"""Where nothing is required, a suite that is not finished may still bring a red check."""

from datetime import timedelta
from typing import Any

import pytest
from gate_facts import (
    CI_APP,
    CONDUCTOR_APP,
    HEAD,
    NOW,
    OLD_HEAD,
    READ_AT,
    check,
    green_facts,
    replace,
)

from rigtasks.gate import facts as f
from rigtasks.gate.result import Gate, GateResult, GateStatus
from rigtasks.gate.suites import EMPTY_SUITE_PATIENCE
from rigtasks.gate.verdict import evaluate

FRESH = READ_AT - timedelta(seconds=20)
OLD = READ_AT - EMPTY_SUITE_PATIENCE


def suite(**changes: Any) -> f.CheckSuite:
    values: dict[str, Any] = {
        "id": 60,
        "app_id": CI_APP,
        "app_slug": "ci",
        "head_sha": HEAD,
        "status": "completed",
        "conclusion": "success",
        "runs": 1,
        "created_at": OLD,
    }
    return f.CheckSuite(**values | changes)


def ci(*suites: f.CheckSuite, **changes: Any) -> GateResult:
    """Judge a head at which `lint` alone has reported, in a repository that requires nothing."""
    values: dict[str, Any] = {"required_checks": (), "checks": (check("lint"),)}
    return evaluate(green_facts(**values | changes, suites=suites), NOW).result(Gate.CI)


def test_a_job_that_needs_another_is_waited_for_although_it_has_not_reported() -> None:
    result = ci(suite(status="in_progress", conclusion=None))

    assert result.status is GateStatus.PENDING
    assert result.summary == "checks of ci (suite 60): in_progress, more may come"
    assert result.can_unblock[0].who == "CI"
    assert "lint (ci): success" in result.evidence


def test_a_finished_suite_is_as_good_as_its_checks() -> None:
    assert ci(suite()).status is GateStatus.PASS
    assert ci(suite()).summary == "1 of 1 checks successful"


def test_a_second_workflow_is_waited_for() -> None:
    result = ci(suite(), suite(id=61, app_slug="other", status="queued", conclusion=None))

    assert result.status is GateStatus.PENDING
    assert "other (suite 61): queued" in result.summary
    assert "suite 60" not in result.summary


@pytest.mark.parametrize("status", ["queued", "requested", None])
def test_an_app_that_never_reports_is_not_waited_for_for_ever(status: str | None) -> None:
    empty = suite(status=status, conclusion=None, runs=0, app_slug="idle")

    assert ci(replace(empty, created_at=FRESH)).status is GateStatus.PENDING
    given_up = ci(empty)
    assert given_up.status is GateStatus.PASS
    assert any("idle (suite 60)" in one and "not waited for" in one for one in given_up.evidence)


@pytest.mark.parametrize("status", ["in_progress", "waiting", "pending", "a word of next year"])
def test_a_suite_that_has_begun_without_a_check_is_waited_for(status: str) -> None:
    begun = suite(status=status, conclusion=None, runs=0)

    assert ci(begun).status is GateStatus.PENDING


def test_a_suite_that_ended_before_a_check_could_report_is_not_green() -> None:
    for conclusion in ("action_required", "startup_failure", "failure"):
        result = ci(suite(conclusion=conclusion, runs=0))

        assert result.status is GateStatus.FAIL
        assert f"{conclusion}, without a check" in result.summary

    for conclusion in ("success", "neutral", "skipped"):
        assert ci(suite(conclusion=conclusion, runs=0)).status is GateStatus.PASS


def test_the_gates_own_suite_holds_nothing_back_and_a_strangers_does() -> None:
    own = suite(app_id=CONDUCTOR_APP, status="in_progress", conclusion=None)
    accounts = replace(green_facts().accounts, conductor_app_id=None)

    assert ci(own).status is GateStatus.PASS
    assert ci(own, accounts=accounts).status is GateStatus.PENDING
    assert ci(replace(own, app_id=None), accounts=accounts).status is GateStatus.PENDING


def test_a_suite_of_an_older_head_says_nothing() -> None:
    assert ci(suite(status="in_progress", head_sha=OLD_HEAD)).status is GateStatus.PASS


def test_where_protection_names_the_checks_no_suite_is_waited_for() -> None:
    running = suite(status="in_progress", conclusion=None)
    named = f.RequiredCheck(name="lint")
    added = replace(named, required_by=f.RequiredBy.REPOSITORY)

    assert ci(running, required_checks=(named,)).status is GateStatus.PASS
    assert ci(running, required_checks=(added,)).status is GateStatus.PENDING


def test_a_red_check_stays_a_failure_while_its_suite_is_running() -> None:
    red = check("lint", conclusion="failure")

    result = ci(suite(status="in_progress", conclusion=None), checks=(red,))

    assert result.status is GateStatus.FAIL
    assert "lint (ci): failure" in result.summary
    assert "suite 60" in result.summary


def test_suites_alone_prove_nothing() -> None:
    assert ci(suite(), checks=()).status is GateStatus.PENDING
    assert ci(checks=()).status is GateStatus.PENDING
    running = ci(suite(status="in_progress", conclusion=None), checks=())
    assert "suite 60" in running.summary


def test_a_suite_without_a_name_or_a_status_is_told_all_the_same() -> None:
    assert ci(suite(app_slug="", status=None, conclusion=None)).summary == (
        "checks of an App (suite 60): queued, more may come"
    )
