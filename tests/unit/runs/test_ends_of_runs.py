"""Whatever goes wrong around a run, what its agent consumed is reported."""

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from rigtasks.agent.assignment import RunLimits
from rigtasks.agent.outcome import RunOutcome, TestReport
from rigtasks.agent.review import ReviewOutcome
from rigtasks.budget.usage import CostBasis, Usage
from rigtasks.errors import StaleEpoch
from rigtasks.eventstore.artifacts import LARGEST, Artifact, ArtifactKind, ArtifactTooLarge
from rigtasks.eventstore.claims import Claimed
from rigtasks.eventstore.connection import DatabaseUnavailable
from rigtasks.lifecycle.commands import Accepted, Failed, ReleaseRun
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.lifecycle.state import IssueState
from rigtasks.review.findings import Review, ReviewVerdict
from rigtasks.runs import implement as implementing
from rigtasks.runs import review as reviewing
from rigtasks.runs.assignments import assignment_for
from rigtasks.runs.chosen import ChosenProvider
from rigtasks.runs.kit import WorkerKit
from rigtasks.runs.lease import Held, LeaseKeeper
from rigtasks.runs.progress import Progress
from rigtasks.runs.scene import Scene
from rigtasks.testing.life import Life

PAID = Usage(model="m", turns=9, cost_micro_usd=4_000_000, cost_basis=CostBasis.REPORTED)


class Shelf:
    """Artifacts that answer with what they are told to, then keep."""

    def __init__(self, *answers: Exception) -> None:
        self.answers = list(answers)
        self.kept: list[Artifact] = []

    def put(self, artifact: Artifact) -> None:
        if self.answers:
            raise self.answers.pop(0)
        self.kept.append(artifact)


def away() -> DatabaseUnavailable:
    return DatabaseUnavailable("Postgres does not answer", retry_after=0.01)


def scene_of(
    folder: Path, shelf: Shelf, *, load: Callable[[str], object] | None = None, life: Life
) -> Scene:
    run = life.issue.run
    assert run is not None
    stores = SimpleNamespace(
        artifacts=shelf,
        events=SimpleNamespace(load=load or (lambda _: SimpleNamespace(state=life.issue))),
    )
    claimed = SimpleNamespace(
        stream="issue:1:7:1", epoch=run.epoch, run_id=run.run_id, stage=run.stage
    )
    return Scene(
        kit=cast("WorkerKit", SimpleNamespace(stores=stores, credentials=None)),
        claimed=cast("Claimed", claimed),
        actor=Actor(kind=ActorKind.WORKER, id="w"),
        keeper=keeper_of(lease=0.3),
        folder=folder,
        progress=Progress(),
        chosen=ChosenProvider(),
    )


def keeper_of(*, lease: float) -> LeaseKeeper:
    return LeaseKeeper(
        lambda: Held.YES,
        interval=9.0,
        lease=lease,
        asked_at=time.monotonic(),
        shutting_down=lambda: False,
    )


def finished(folder: Path, **changes: Any) -> RunOutcome:
    fields: dict[str, Any] = {
        "success": True,
        "reason": "green",
        "base_sha": "b1",
        "transcript_path": folder / "transcript.ndjson",
        "bundle": b"commits",
        "head_sha": "h1",
        "tests": TestReport(command="pytest", passed=True, output_tail="", seconds=1.0, rounds=1),
        "usage": PAID,
        "rounds": 1,
    }
    return RunOutcome(**{**fields, **changes})


@pytest.fixture
def life() -> Life:
    life = Life()
    life.approve()
    life.claim()
    return life


def test_a_bundle_is_stored_once_postgres_is_back(tmp_path: Path, life: Life) -> None:
    shelf = Shelf(away(), away())

    report = implementing.report_of(scene_of(tmp_path, shelf, life=life), finished(tmp_path))

    assert isinstance(report.result, Accepted)
    assert [artifact.data for artifact in shelf.kept] == [b"commits"]
    assert report.usage == PAID


def test_a_bundle_that_cannot_be_stored_does_not_make_the_run_free(
    tmp_path: Path, life: Life
) -> None:
    shelf = Shelf(*(away() for _ in range(1000)))

    report = implementing.report_of(scene_of(tmp_path, shelf, life=life), finished(tmp_path))

    assert isinstance(report.result, Failed)
    assert report.result.failure is FailureClass.INFRA
    assert report.usage == PAID
    assert shelf.kept == []


def test_a_verdict_that_cannot_be_stored_does_not_make_the_run_free(
    tmp_path: Path, life: Life
) -> None:
    shelf = Shelf(ArtifactTooLarge(ArtifactKind.REVIEW, 2**21))
    outcome = ReviewOutcome(
        success=True,
        reason="a verdict",
        head_sha="h1",
        transcript_path=tmp_path / "none",
        review=Review(verdict=ReviewVerdict.APPROVE, summary="fine", findings=()),
        usage=PAID,
    )

    report = reviewing.report_of(scene_of(tmp_path, shelf, life=life), outcome)

    assert isinstance(report.result, Failed)
    assert report.usage == PAID
    assert shelf.kept == []


def test_a_run_that_lost_its_claim_stores_nothing_and_says_so(tmp_path: Path, life: Life) -> None:
    shelf = Shelf(StaleEpoch("lost"))

    with pytest.raises(StaleEpoch):
        implementing.report_of(scene_of(tmp_path, shelf, life=life), finished(tmp_path))

    assert shelf.kept == []


def test_of_an_overlong_transcript_the_end_is_kept(tmp_path: Path, life: Life) -> None:
    shelf = Shelf()
    most = LARGEST[ArtifactKind.TRANSCRIPT]
    (tmp_path / "transcript.ndjson").write_bytes(b"a" * 10 + b"b" * most)

    report = implementing.report_of(scene_of(tmp_path, shelf, life=life), finished(tmp_path))

    assert isinstance(report.result, Accepted)
    assert shelf.kept[0].data == b"b" * most


def test_an_issue_whose_cost_nobody_knows_is_not_worked_on(tmp_path: Path, life: Life) -> None:
    run_id, epoch = cast("Any", life.issue.run).run_id, life.issue.epoch
    unknown = Usage(model="m", turns=1)
    life.tell(ReleaseRun(run_id=run_id, epoch=epoch, reason="shutdown", usage=unknown))
    life.approve(task_digest="d2")
    life.claim()

    report = implementing.carry_out_implementation(scene_of(tmp_path, Shelf(), life=life))

    assert isinstance(report.result, Failed)
    assert report.result.failure is FailureClass.BUDGET
    assert "RIG_COST_PER_CALL_USD" in report.result.reason
    assert report.usage.cost_micro_usd == 0


def test_nothing_is_left_for_a_run_whose_issue_has_an_unknown_cost(life: Life) -> None:
    assert left(life.issue) == 5_000_000

    run_id = cast("Any", life.issue.run).run_id
    life.tell(
        ReleaseRun(run_id=run_id, epoch=life.issue.epoch, reason="shutdown", usage=Usage(model="m"))
    )
    life.approve(task_digest="d2")
    life.claim()

    assert left(life.issue) == 0


def left(state: IssueState) -> int | None:
    run = state.run
    assert run is not None
    made = assignment_for(state, run, base_sha="b1", head_sha="b1", defaults=RunLimits())
    return made.limits.max_cost_micro_usd


@pytest.mark.parametrize("mistake", [KeyError("stage"), IndexError("pop from an empty list")])
def test_a_mistake_of_the_rig_is_not_blamed_on_the_repository(
    tmp_path: Path, life: Life, mistake: Exception
) -> None:
    def load(_: str) -> object:
        raise mistake

    with pytest.raises(type(mistake)):
        implementing.carry_out_implementation(scene_of(tmp_path, Shelf(), load=load, life=life))
    with pytest.raises(type(mistake)):
        reviewing.carry_out_review(scene_of(tmp_path, Shelf(), load=load, life=life))


def test_what_may_succeed_later_is_repeated_only_while_the_claim_holds() -> None:
    tries: list[int] = []

    def work() -> str:
        tries.append(1)
        raise away()

    with pytest.raises(DatabaseUnavailable):
        keeper_of(lease=0.15).persist(work)

    assert len(tries) > 2


def interrupted(folder: Path, **changes: Any) -> RunOutcome:
    told = {"success": False, "failure": FailureClass.SHUTDOWN, "reason": "told to stop"}
    return finished(folder, **{**told, "tests": None, **changes})


def test_the_work_of_an_interrupted_run_is_stored_and_named(tmp_path: Path, life: Life) -> None:
    shelf = Shelf()

    report = implementing.report_of(scene_of(tmp_path, shelf, life=life), interrupted(tmp_path))

    assert [artifact.data for artifact in shelf.kept] == [b"commits"]
    work = report.unfinished
    assert work is not None
    assert (work.artifact_id, work.head_sha, work.base_sha) == (shelf.kept[0].id, "h1", "b1")
    assert (report.not_kept, report.usage) == ("", PAID)


def test_work_that_cannot_be_stored_at_once_is_given_up_with_the_reason(
    tmp_path: Path, life: Life
) -> None:
    shelf = Shelf(away())

    report = implementing.report_of(scene_of(tmp_path, shelf, life=life), interrupted(tmp_path))

    assert (report.unfinished, shelf.kept) == (None, [])
    assert report.not_kept == "Postgres does not answer"


def test_why_the_checkout_gave_nothing_is_passed_on(tmp_path: Path, life: Life) -> None:
    outcome = interrupted(tmp_path, bundle=None, head_sha=None, not_kept="no time")

    report = implementing.report_of(scene_of(tmp_path, Shelf(), life=life), outcome)

    assert (report.unfinished, report.not_kept) == (None, "no time")


def test_the_commits_of_a_failed_run_are_not_taken_for_unfinished_work(
    tmp_path: Path, life: Life
) -> None:
    outcome = finished(tmp_path, success=False, failure=FailureClass.WORK, reason="red")

    report = implementing.report_of(scene_of(tmp_path, Shelf(), life=life), outcome)

    assert report.unfinished is None
