"""The lives that are held to the record, each a way through commands and what GitHub shows."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace
from recorded_lives import RecordedLife, some_id

from rigtasks.gate.certificate import MergeCertificate
from rigtasks.lifecycle.commands import (
    AbstainReview,
    Admit,
    AdoptPullRequest,
    ApproveGate,
    Cancel,
    CiStatus,
    DropCommits,
    Escalate,
    ExpireLease,
    Failed,
    Hold,
    IntendPush,
    NoteIdle,
    RecordGate,
    RecordMerge,
    RecordPullRequest,
    Refuse,
    RefusePublish,
    ReleaseRun,
    Repair,
    ReportProgress,
    Retry,
    Reviewed,
    StartCli,
    StartWork,
)
from rigtasks.lifecycle.events import liveness
from rigtasks.lifecycle.events.acceptance import HumanGateTriggered
from rigtasks.lifecycle.events.base import Blocker, CheckNote, FindingNote
from rigtasks.lifecycle.events.intake import IssueRefused
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.routing.agent_config import AgentConfig
from rigtasks.routing.internal import InternalRepositories
from rigtasks.testing.life import START, approval, no_model, verdict

RED = CheckNote(name="test", conclusion="failure", summary="1 failed")
BLOCKER = Blocker(gate="ci", status="pending", summary="waiting")
CERTIFICATE = MergeCertificate(
    repository_id=1, repository="acme/api", pr=3, issue="acme/api#7", issue_digest="d1",
    base_ref="main", base_sha="b1", head_sha="h1", merge_sha="m1", gates=(), evaluated_at=START,
)  # fmt: skip
MERGE = RecordMerge(pr=3, head_sha="h1", merge_sha="m1", certificate=CERTIFICATE)


def refusal(**changes: Any) -> Refuse:
    fields: dict[str, Any] = {
        "ref": "acme/api#7", "repo_id": 1, "repo": "acme/api", "number": 7, "generation": 1,
        "title": "Totals are wrong", "code": "no_stack", "sentence": "No stack is known.",
        "who_must_act": "a maintainer",
    }  # fmt: skip
    return Refuse(refused=IssueRefused(**fields | changes))


def hold(sentence: str = "waits for #3", *, blocking: bool = True) -> Hold:
    return Hold(waits_for="dependency", sentence=sentence, blocking=blocking)


def in_review(life: RecordedLife, **changes: Any) -> RecordedLife:
    life.approve(**changes)
    life.implement()
    life.publish()
    return life


def ready(life: RecordedLife) -> RecordedLife:
    in_review(life)
    life.observe(ci=CiStatus.GREEN, reviews=(verdict("APPROVED", "h1"),))
    return life


def intake(life: RecordedLife) -> None:
    life.tell(hold())
    life.tell(refusal())
    life.tell(refusal())
    life.tell(refusal(sentence="Two stacks."))
    life.tell(Retry(reason="again", by="maria"))
    life.approve()
    life.approve()
    life.tell(hold())
    life.tell(hold())
    life.tell(hold("waits for #4", blocking=False))
    life.approve(priority=0)
    life.approve(task_digest="d2", title="Totals", body="b", depends_on=("acme/api#3",))
    life.approve(task_digest="d2", queue="dev-e-node", stack="node")
    life.approve(task_digest="d2", queue="dev-e-node", config_sha="c2")
    life.tell(Admit(approved=approval(task_digest="d3"), hold=hold("waits for #5")))
    life.tell(Admit(approved=approval(task_digest="d3"), hold=hold("waits for #6")))
    life.approve(task_digest="d3")
    life.tell(Admit(approved=approval(), internal=InternalRepositories(ids=frozenset({1}))))
    life.tell(Admit(approved=approval(), hold=hold()))


def labels(life: RecordedLife) -> None:
    early, late = life.now, life.now.replace(year=2027)
    life.approve(labelled_at=early)
    life.approve(labelled_at=early)
    life.approve(labelled_at=late)
    life.claim()
    life.approve(task_digest="d9")
    life.approve(labelled_at=late.replace(year=2028), config_sha="c9")
    life.tell(hold())
    life.tell(refusal())
    life.tell(Admit(approved=approval(task_digest="d9"), hold=hold()))


def people(life: RecordedLife) -> None:
    life.tell(Cancel(reason="no", by="maria"))
    life.tell(Escalate(reason="silent", who_must_act="ops"))
    life.approve()
    life.tell(Retry(reason="again", by="maria"))
    life.tell(Escalate(reason="silent", who_must_act="ops"))
    life.tell(Escalate(reason="silent again", who_must_act="ops"))
    life.tell(hold())
    life.store(liveness.EscalationAcknowledged(by="anna"))
    life.tell(Retry(reason="again", by="maria"))
    life.store(liveness.OperatorRerouted(queue="dev-e-node", reason="mac", by="ops"))
    life.claim()
    life.store(liveness.AgentStuck(run_id=some_id("run"), silent_seconds=1800.0))
    life.tell(Cancel(reason="label removed", by="maria"))
    life.tell(Cancel(reason="label removed", by="maria"))
    life.tell(Escalate(reason="silent", who_must_act="ops"))
    life.tell(Retry(reason="again", by="maria"))
    life.tell(refusal())
    life.approve()


def idle(life: RecordedLife) -> None:
    day = 86_400.0
    life.tell(NoteIdle(last_change=life.now, idle_seconds=day))
    life.approve()
    life.tell(NoteIdle(last_change=life.now.replace(year=2025), idle_seconds=day))
    life.tell(NoteIdle(last_change=life.issue.updated_at, idle_seconds=day))
    life.tell(NoteIdle(last_change=life.issue.updated_at, idle_seconds=2 * day))
    life.tell(NoteIdle(last_change=life.issue.updated_at, idle_seconds=3 * day))
    life.tell(Retry(reason="again", by="maria"))
    life.tell(hold())
    life.tell(NoteIdle(last_change=life.issue.updated_at, idle_seconds=day))
    life.approve(task_digest="d2")
    life.claim()
    life.tell(NoteIdle(last_change=life.issue.updated_at, idle_seconds=day))


def work(life: RecordedLife) -> None:
    life.approve()
    run_id = life.claim()
    epoch = life.issue.epoch
    ids: dict[str, Any] = {"run_id": run_id, "epoch": epoch}
    begin = StartWork(
        **ids, base_sha="b1", head_sha=None, branch="feature/issue-7", isolation="none",
        config=AgentConfig(), config_sha="c2",
    )  # fmt: skip
    cli = StartCli(**ids, provider="claude", model="m", isolation="none", call_micro_usd=500)
    progress = ReportProgress(**ids, kind="tests", message="red")
    life.tell(begin)
    life.tell(begin)
    life.tell(cli)
    life.tell(progress)
    other = {"run_id": some_id("other"), "epoch": epoch}
    life.tell(replace(begin, **other))
    life.tell(replace(cli, **other))
    life.tell(replace(progress, **other))
    life.tell(ReleaseRun(**other, reason="stop", usage=no_model()))
    life.tell(ExpireLease(**other))
    life.tell(ExpireLease(run_id=run_id, epoch=epoch + 1))
    red = Failed(
        failure=FailureClass.WORK, reason="red", test_command="pytest", output_tail="1 failed"
    )
    life.end(run_id, red, cost=700)
    life.end(run_id, red, cost=700)
    life.tell(replace(begin, **ids))
    lost = life.claim()
    life.tell(StartCli(run_id=lost, epoch=life.issue.epoch, provider="claude", model=None,
                       isolation="none", call_micro_usd=500))  # fmt: skip
    life.tell(ExpireLease(run_id=lost, epoch=life.issue.epoch))
    life.tell(ExpireLease(run_id=lost, epoch=life.issue.epoch))
    given_back = life.claim()
    life.tell(
        ReleaseRun(
            run_id=given_back, epoch=life.issue.epoch, reason="shutting down", usage=no_model()
        )
    )
    for number in (2, 3):
        life.end(life.claim(), Failed(failure=FailureClass.WORK, reason=f"wrong {number}"), cost=1)


def failures(life: RecordedLife) -> None:
    life.approve()
    for failure in FailureClass:
        life.end(life.claim(), Failed(failure=failure, reason=f"{failure}", retry_seconds=None))
        if life.issue.wanted_stage is None:
            life.tell(Retry(reason="go on", by="ops"))
    life.end(life.claim(), Failed(failure=FailureClass.INFRA, reason="gone", retry_seconds=5.0))


def money(life: RecordedLife) -> None:
    life.approve()
    life.end(life.claim(), Failed(failure=FailureClass.WORK, reason="red"), cost=None)
    life.tell(Retry(reason="let it pass", by="ops"))
    life.end(life.claim(), Failed(failure=FailureClass.WORK, reason="red"), cost=1_000_000)
    cap = life.issue.limits.max_cost_micro_usd
    life.end(life.claim(), Failed(failure=FailureClass.POLICY, reason="touches CI"), cost=cap)
    life.store(liveness.OperatorBudgetRaised(cap_micro_usd=9 * cap, reason="more", by="ops"))
    life.tell(Retry(reason="again", by="ops"))
    spending = no_model()
    run_id = life.claim()
    life.tell(
        ReleaseRun(
            run_id=run_id,
            epoch=life.issue.epoch,
            reason="stop",
            usage=replace(spending, cost_micro_usd=9 * cap),
        )
    )


def publishing(life: RecordedLife) -> None:
    life.approve()
    adopt = AdoptPullRequest(
        pr=9, url="u9", branch="feature/issue-7", head_sha="a1", base_branch="main", author_id=501
    )
    life.implement()
    pending = life.issue.publish
    assert pending is not None
    ids: dict[str, Any] = {"run_id": pending.run_id, "epoch": pending.epoch}
    intend = IntendPush(**ids, branch="feature/issue-7", old_sha=None, new_sha="h1")
    life.tell(intend)
    life.tell(intend)
    life.tell(DropCommits(run_id=some_id("other"), epoch=pending.epoch, reason="moved"))
    life.tell(DropCommits(**ids, reason="moved"))
    life.tell(DropCommits(**ids, reason="moved"))
    life.implement(head_sha="h2")
    pending = life.issue.publish
    assert pending is not None
    refuse = RefusePublish(
        run_id=pending.run_id, epoch=pending.epoch, failure=FailureClass.GITHUB_LIMIT,
        reason="limit", retry_seconds=7.0,
    )  # fmt: skip
    life.tell(refuse)
    life.tell(refuse)
    life.tell(adopt)
    life.tell(adopt)
    life.observe(open=False, closed_by="maria")
    life.implement(head_sha="h3")
    pending = life.issue.publish
    assert pending is not None
    record = RecordPullRequest(
        run_id=pending.run_id, epoch=pending.epoch, pr=4, url="u4", branch="feature/issue-7",
        head_sha="h3", base_branch="main", author_id=501, adopted=True, gate_reasons=("auth",),
    )  # fmt: skip
    life.tell(record)
    life.tell(record)
    life.tell(ApproveGate(head_sha="h9", reason="looked", by="ops"))
    life.tell(ApproveGate(head_sha="h3", reason="looked", by="ops"))
    life.tell(ApproveGate(head_sha="h3", reason="looked", by="ops"))


def review(life: RecordedLife) -> None:
    in_review(life)
    life.observe(pr=99, ci=CiStatus.GREEN)
    life.observe()
    life.observe(ci=CiStatus.UNKNOWN)
    life.observe(ci=CiStatus.GREEN)
    life.observe(ci=CiStatus.GREEN)
    run_id = life.claim()
    life.end(run_id, Failed(failure=FailureClass.WORK, reason="no verdict"))
    life.tell(AbstainReview(run_id=run_id, reason="cut"))
    life.review()
    pending = life.issue.verdict
    assert pending is not None
    life.tell(AbstainReview(run_id=some_id("other"), reason="cut"))
    life.tell(AbstainReview(run_id=pending.run_id, reason="cut"))
    life.review()
    life.observe(reviews=(
        verdict("COMMENTED", "h1", id=8),
        verdict("APPROVED", "h0", id=9),
        replace(verdict("APPROVED", "h1", id=10), allowed=False),
    ))  # fmt: skip
    finding = FindingNote(path="a.py", line=3, severity="major", message="off by one")
    dispute = replace(verdict("CHANGES_REQUESTED", "h1", id=11), findings=(finding,))
    life.observe(reviews=(dispute,), ci=CiStatus.GREEN)
    life.observe(reviews=(dispute,))
    life.observe(ci=CiStatus.RED, checks=(RED,))
    life.implement(head_sha="h2")
    life.publish()
    life.observe(reviews=(dispute,))
    life.observe(ci=CiStatus.RED, checks=(RED, replace(RED, name="lint")))
    life.observe(ci=CiStatus.RED, checks=(RED,))
    life.implement(head_sha="h3")
    life.publish()
    life.observe(reviews=(verdict("APPROVED", "h3", id=12),))
    life.observe(reviews=(verdict("APPROVED", "h3", id=12),))
    life.observe(head_sha="p1")
    life.observe(reviews=(verdict("APPROVED", "p1", id=13, human=True),))
    life.observe(ci=CiStatus.RED, checks=(RED,))
    life.observe(reviews=(verdict("APPROVED", "p1", id=14, human=True),))
    life.tell(Escalate(reason="no way on", who_must_act="ops"))
    life.observe(reviews=(verdict("CHANGES_REQUESTED", "p1", id=15, human=True),))
    life.observe(reviews=(verdict("APPROVED", "p1", id=16),))
    life.observe(reviews=(verdict("APPROVED", "p1", id=17, human=True),))


def abstentions(life: RecordedLife) -> None:
    in_review(life)
    for _ in range(3):
        life.review()
        pending = life.issue.verdict
        assert pending is not None
        life.tell(AbstainReview(run_id=pending.run_id, reason="cut"))


def overtaken(life: RecordedLife) -> None:
    in_review(life)
    run_id = life.claim()
    life.tell(StartCli(run_id=run_id, epoch=life.issue.epoch, provider="claude", model="m",
                       isolation="none", call_micro_usd=None))  # fmt: skip
    life.observe(head_sha="p1")
    life.end(run_id, Reviewed(artifact_id=some_id("late"), head_sha="h1"))
    life.observe(open=False, closed_by="maria")
    life.observe(open=False, closed_by="maria")


def gate(life: RecordedLife) -> None:
    life.tell(RecordGate(head_sha="h1", blockers=(BLOCKER,)))
    life.tell(MERGE)
    ready(life)
    life.tell(RecordGate(head_sha="h0", blockers=(BLOCKER,)))
    life.tell(RecordGate(head_sha="h1", blockers=(BLOCKER,)))
    life.tell(RecordGate(head_sha="h1", blockers=(BLOCKER,)))
    life.tell(RecordGate(head_sha="h1", blockers=()))
    life.store(HumanGateTriggered(head_sha="h1", reasons=("auth",)))
    life.observe(reviews=(verdict("APPROVED", "h1", id=4),), ci=CiStatus.GREEN)
    person = verdict("APPROVED", "h1", id=5, human=True)
    for other in (
        replace(person, allowed=False),
        replace(person, state="COMMENTED"),
        replace(person, commit_id="h0"),
    ):
        life.observe(reviews=(other,), ci=CiStatus.GREEN)
    life.observe(reviews=(verdict("APPROVED", "h1", id=4), person), ci=CiStatus.GREEN)
    life.observe(reviews=(person,), ci=CiStatus.GREEN)
    life.tell(Repair(command=MERGE, found="it was merged"))
    life.tell(Repair(command=MERGE, found="it was merged"))
    life.tell(MERGE)
    life.tell(Cancel(reason="late", by="maria"))
    life.tell(RecordGate(head_sha="h1", blockers=(BLOCKER,)))
    life.tell(ApproveGate(head_sha="h1", reason="late", by="ops"))
    life.observe(open=False, closed_by="maria")


def conflicts(life: RecordedLife) -> None:
    in_review(life)
    life.observe(behind=True)
    life.observe(conflict=True, base_sha="b2")
    life.observe(conflict=True, base_sha="b2")
    life.implement(head_sha="h2")
    life.publish()
    life.observe(ci=CiStatus.GREEN, reviews=(verdict("APPROVED", "h2", id=3),))
    life.observe(behind=True, base_sha="b3")
    life.observe(merged=True, merged_by="maria")
    life.observe(merged=True, merged_by="maria", merge_sha="m1")
    life.observe(merged=True, merged_by="maria", merge_sha="m1")


def withdrawn_merge(life: RecordedLife) -> None:
    ready(life)
    life.tell(Cancel(reason="no longer wanted", by="maria"))
    life.tell(MERGE)
    life.tell(MERGE)


def pushes_of_others(life: RecordedLife) -> None:
    in_review(life)
    life.observe(ci=CiStatus.RED, checks=(RED,))
    life.observe(head_sha="p1")
    life.observe(ci=CiStatus.RED, checks=(RED,))
    run_id = life.claim()
    life.observe(head_sha="p2")
    life.end(run_id, Failed(failure=FailureClass.ENVIRONMENT, reason="no disk"))
    life.observe(head_sha="p3")


LIVES: tuple[Callable[[RecordedLife], None], ...] = (
    intake, labels, people, idle, work, failures, money, publishing, review, abstentions,
    overtaken, gate, conflicts, withdrawn_merge, pushes_of_others,
)  # fmt: skip
