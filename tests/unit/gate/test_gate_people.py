"""What people decide: threads, labels, code owners, human gates, large changes, tampering."""

from typing import Any

import pytest
from gate_facts import (
    AUTHOR,
    CONDUCTOR,
    HEAD,
    NOW,
    OLD_HEAD,
    PERSON,
    REVIEWER,
    clearance,
    grant,
    green_facts,
    reason,
    replace,
    review,
    thread,
    with_pull,
)

from rigtasks.gate import facts as f
from rigtasks.gate.human_gates import TamperFinding, TamperReport
from rigtasks.gate.result import Gate, GateStatus
from rigtasks.gate.verdict import evaluate

OWNERS_APPROVAL = review(id=71, reviewer_id=PERSON, reviewer="Anna")


def status(gate: Gate, facts: f.GateFacts) -> GateStatus:
    return evaluate(facts, NOW).result(gate).status


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, GateStatus.PASS),
        ({"resolved": False}, GateStatus.FAIL),
        ({"resolved": False, "outdated": True}, GateStatus.FAIL),
        ({"resolved_by_id": AUTHOR}, GateStatus.FAIL),
        ({"resolved_by_id": AUTHOR, "opened_by_id": AUTHOR}, GateStatus.PASS),
        ({"resolved_by_id": None}, GateStatus.FAIL),
        ({"resolved_by_id": PERSON}, GateStatus.PASS),
    ],
)
def test_a_thread_counts_as_settled_only_when_its_author_or_a_third_party_resolved_it(
    changes: dict[str, Any], expected: GateStatus
) -> None:
    assert status(Gate.THREADS, green_facts(threads=(thread(**changes),))) is expected


def test_an_open_thread_is_linked_or_else_its_pull_request() -> None:
    linked = thread(resolved=False, url="https://github.test/t/1")

    for one, url in (
        (linked, linked.url),
        (replace(linked, url=None), green_facts().pull_request.url),
    ):
        result = evaluate(green_facts(threads=(one,)), NOW).result(Gate.THREADS)
        assert result.can_unblock[0].url == url


def test_a_large_change_that_merges_names_who_accepted_it() -> None:
    facts = green_facts(change=LARGE, size=f.SizeBounds(large_pr_ok=grant()))
    result = evaluate(with_pull(facts, labels=("large-pr-ok",)), NOW).result(Gate.SIZE)

    assert "anna set large-pr-ok" in result.summary


@pytest.mark.parametrize(
    "label", ["do-not-merge", "Do-Not-Merge", " do not merge", "do_not_merge", "manual-merge"]
)
def test_a_veto_label_counts_however_it_is_written_and_wherever_it_hangs(label: str) -> None:
    issue = replace(green_facts().issue, labels=(label,))

    assert status(Gate.LABELS, with_pull(labels=(label,))) is GateStatus.FAIL
    assert status(Gate.LABELS, green_facts(issue=issue)) is GateStatus.FAIL


def test_a_repository_adds_its_own_block_labels() -> None:
    facts = with_pull(labels=("wip",))

    assert status(Gate.LABELS, facts) is GateStatus.PASS
    assert status(Gate.LABELS, replace(facts, block_labels=("WIP",))) is GateStatus.FAIL


def owned(text: str, **changes: object) -> f.GateFacts:
    members = f.Team(slug="@acme/security", member_ids=(PERSON,))
    file = f.Codeowners(path=".github/CODEOWNERS", text=text, teams=(members,))
    return green_facts(**{"codeowners": file} | changes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", GateStatus.PASS),
        ("/docs/ @anna", GateStatus.PASS),
        ("* @anna", GateStatus.FAIL),
        ("*.py @acme/security", GateStatus.FAIL),
        ("* @anna\n*.py", GateStatus.PASS),
        ("*.py\n* @anna", GateStatus.FAIL),
        ("* anna@example.org", GateStatus.FAIL),
        ("* @review-e[bot]", GateStatus.FAIL),
        ("* @anna @review-e[bot]", GateStatus.FAIL),
        ("* @anna # not @review-e[bot]", GateStatus.FAIL),
        ("[ @anna", GateStatus.UNKNOWN),
    ],
)
def test_the_last_matching_line_names_the_owners_who_must_approve(
    text: str, expected: GateStatus
) -> None:
    assert status(Gate.CODEOWNERS, owned(text)) is expected


@pytest.mark.parametrize("text", ["* @anna", "* @ANNA", "app.py @acme/Security", "* @bob @anna"])
def test_an_owner_or_member_of_the_owning_team_satisfies_the_path(text: str) -> None:
    facts = owned(text, reviews=(review(), OWNERS_APPROVAL))

    assert status(Gate.CODEOWNERS, facts) is GateStatus.PASS


def test_an_owners_approval_of_an_older_head_does_not_count() -> None:
    stale = replace(OWNERS_APPROVAL, commit_id=OLD_HEAD)

    facts = owned("* @anna", reviews=(review(), stale))
    assert status(Gate.CODEOWNERS, facts) is GateStatus.FAIL


def test_an_owner_who_wrote_the_change_cannot_satisfy_it() -> None:
    commits = f.CommitRange(
        head_sha=HEAD, identities=(f.Committer(role="author", account_id=PERSON, name="anna"),)
    )

    facts = owned("* @anna", reviews=(review(), OWNERS_APPROVAL), commits=commits)
    assert status(Gate.CODEOWNERS, facts) is GateStatus.FAIL


def test_a_team_whose_members_cannot_be_read_is_unknown_not_satisfied() -> None:
    file = f.Codeowners(
        path="CODEOWNERS",
        text="* @acme/security",
        teams=(f.Team(slug="@acme/security", member_ids=None),),
    )

    assert status(Gate.CODEOWNERS, green_facts(codeowners=file)) is GateStatus.UNKNOWN


def test_every_owner_who_is_missing_is_told_how_to_unblock() -> None:
    result = evaluate(owned("app.py @anna\ntests/ @acme/security"), NOW).result(Gate.CODEOWNERS)

    assert {one.who for one in result.can_unblock} == {"@anna", "@acme/security"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, GateStatus.PASS),
        ({"head_sha": OLD_HEAD}, GateStatus.FAIL),
        ({"by_person": False}, GateStatus.FAIL),
        ({"by_id": AUTHOR}, GateStatus.FAIL),
        ({"by_id": CONDUCTOR}, GateStatus.FAIL),
        ({"by_id": REVIEWER}, GateStatus.FAIL),
    ],
)
def test_only_a_person_without_a_hand_in_the_change_clears_a_human_gate(
    changes: dict[str, Any], expected: GateStatus
) -> None:
    facts = green_facts(human_gates=(reason(),), clearances=(clearance(**changes),))

    assert status(Gate.HUMAN_GATE, facts) is expected


def test_the_human_gate_tells_the_command_that_clears_it() -> None:
    result = evaluate(green_facts(human_gates=(reason(),)), NOW).result(Gate.HUMAN_GATE)

    assert "rig issue approve-gate acme/api#7" in (result.can_unblock[0].command or "")


LARGE = f.Change(head_sha=HEAD, files=3, lines=501, paths=("app.py",))


@pytest.mark.parametrize(
    ("files", "lines", "expected"),
    [
        (20, 500, GateStatus.PASS),
        (21, 500, GateStatus.FAIL),
        (20, 501, GateStatus.FAIL),
    ],
)
def test_the_bounds_themselves_are_within(files: int, lines: int, expected: GateStatus) -> None:
    change = replace(LARGE, files=files, lines=lines)

    assert status(Gate.SIZE, green_facts(change=change)) is expected


@pytest.mark.parametrize(
    ("changes", "labels", "expected"),
    [
        ({}, ("large-pr-ok",), GateStatus.PASS),
        ({}, (), GateStatus.FAIL),
        ({"by_person": False}, ("large-pr-ok",), GateStatus.FAIL),
        ({"by_id": AUTHOR}, ("large-pr-ok",), GateStatus.FAIL),
        ({"label": "agent-ready"}, ("large-pr-ok",), GateStatus.FAIL),
        ({"by_id": REVIEWER}, ("large-pr-ok",), GateStatus.FAIL),
    ],
)
def test_a_large_change_needs_the_label_from_a_person_who_did_not_write_it(
    changes: dict[str, Any], labels: tuple[str, ...], expected: GateStatus
) -> None:
    facts = green_facts(change=LARGE, size=f.SizeBounds(large_pr_ok=grant(**changes)))

    assert status(Gate.SIZE, with_pull(facts, labels=labels)) is expected


def test_the_label_alone_without_a_record_of_who_set_it_is_not_enough() -> None:
    facts = with_pull(green_facts(change=LARGE), labels=("large-pr-ok",))

    assert status(Gate.SIZE, facts) is GateStatus.FAIL


def test_a_change_that_github_truncates_is_unknown_to_every_gate_that_reads_paths() -> None:
    facts = owned("", change=replace(green_facts().change, truncated=True))

    for gate in (Gate.SIZE, Gate.CODEOWNERS, Gate.HUMAN_GATE):
        assert status(gate, facts) is GateStatus.UNKNOWN


def test_touched_paths_of_an_older_head_are_unknown_to_every_gate_that_reads_them() -> None:
    facts = owned("", change=replace(green_facts().change, head_sha=OLD_HEAD))

    for gate in (Gate.SIZE, Gate.CODEOWNERS, Gate.HUMAN_GATE):
        assert status(gate, facts) is GateStatus.UNKNOWN


def tampered(*, clearable: bool) -> TamperReport:
    finding = TamperFinding(kind="x", path="t.py", summary="t.py is weaker", clearable=clearable)
    return TamperReport(head_sha=HEAD, findings=(finding,))


def test_a_weakened_test_yields_to_a_person_and_a_protected_file_does_not() -> None:
    cleared = (clearance(),)

    weak, fixed = tampered(clearable=True), tampered(clearable=False)
    assert status(Gate.TAMPER, green_facts(tamper=weak)) is GateStatus.FAIL
    assert status(Gate.TAMPER, green_facts(tamper=weak, clearances=cleared)) is GateStatus.PASS
    assert status(Gate.TAMPER, green_facts(tamper=fixed, clearances=cleared)) is GateStatus.FAIL


def test_a_change_nobody_inspected_at_this_head_is_unknown() -> None:
    stale = TamperReport(head_sha=OLD_HEAD)

    assert status(Gate.TAMPER, green_facts(tamper=None)) is GateStatus.UNKNOWN
    assert status(Gate.TAMPER, green_facts(tamper=stale)) is GateStatus.UNKNOWN


@pytest.mark.parametrize(
    ("changes", "gate"),
    [
        ({"state": "closed"}, Gate.PULL_REQUEST),
        ({"merged": True}, Gate.PULL_REQUEST),
        ({"head_repository_id": 501}, Gate.BASE),
        ({"head_repository_id": None}, Gate.BASE),
        ({"head_ref": "main"}, Gate.BASE),
    ],
)
def test_a_closed_merged_foreign_or_circular_pull_request_is_not_merged(
    changes: dict[str, Any], gate: Gate
) -> None:
    assert status(gate, with_pull(**changes)) is GateStatus.FAIL


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (f.Config(at_claim=None, on_base=None), GateStatus.PASS),
        (f.Config(at_claim="1", on_base="2", reapproved="2"), GateStatus.PASS),
        (f.Config(at_claim="1", on_base="3", reapproved="2"), GateStatus.FAIL),
        (f.Config(at_claim=None, on_base="2"), GateStatus.FAIL),
        (f.Config(at_claim="1", on_base=None), GateStatus.FAIL),
    ],
)
def test_settings_changed_since_the_claim_need_a_new_approval(
    config: f.Config, expected: GateStatus
) -> None:
    assert status(Gate.CONFIG, green_facts(config=config)) is expected


@pytest.mark.parametrize("mode", list(f.MergeMode))
def test_only_mode_rig_lets_the_rig_merge(mode: f.MergeMode) -> None:
    expected = GateStatus.PASS if mode is f.MergeMode.RIG else GateStatus.FAIL

    assert status(Gate.MODE, green_facts(merge_mode=mode)) is expected


def test_a_warned_budget_still_merges_what_is_finished() -> None:
    facts = green_facts(budget=f.BudgetState.WRAP_UP)

    assert evaluate(facts, NOW).passes
    assert REVIEWER in facts.accounts.reviewer_ids


def test_the_approval_of_a_person_counts_as_a_review_only_where_that_person_may_write() -> None:
    accounts = green_facts().accounts
    facts = green_facts(reviews=(OWNERS_APPROVAL,))

    assert status(Gate.REVIEW, facts) is GateStatus.PENDING
    writing = replace(accounts, people_ids=frozenset({PERSON}))
    assert status(Gate.REVIEW, replace(facts, accounts=writing)) is GateStatus.PASS


def test_without_the_label_that_authorises_the_work_nothing_is_merged() -> None:
    issue = green_facts().issue

    for labels in ((), ("agent-ready ",), ("Agent-Ready",)):
        assert status(Gate.ISSUE, green_facts(issue=replace(issue, labels=labels))) is (
            GateStatus.FAIL
        )
    labelled = replace(issue, labels=("bug", "agent-ready"))
    assert status(Gate.ISSUE, green_facts(issue=labelled)) is GateStatus.PASS


@pytest.mark.parametrize("on_issue", [True, False])
def test_a_large_change_may_be_accepted_on_the_issue_as_well(*, on_issue: bool) -> None:
    facts = green_facts(change=LARGE, size=f.SizeBounds(large_pr_ok=grant()))
    labels = ("agent-ready", "large-pr-ok") if on_issue else ("agent-ready",)

    judged = replace(facts, issue=replace(facts.issue, labels=labels))

    assert status(Gate.SIZE, judged) is (GateStatus.PASS if on_issue else GateStatus.FAIL)
