"""Everything each gate says, held to the record: its status, words, evidence, link and way out.

After a wanted change, run this file to record anew, and read what changed.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from gate_facts import (
    AUTHOR,
    AUTHOR_APP,
    CI_APP,
    CONDUCTOR_APP,
    HEAD,
    NOW,
    OLD_HEAD,
    PERSON,
    READ_AT,
    STRANGER,
    check,
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
from rigtasks.gate.result import Gate
from rigtasks.gate.rules.ci import GATE_CHECK
from rigtasks.gate.verdict import evaluate

RECORD = Path(__file__).parent / "rendered" / "gates.json"
LARGE = replace(green_facts().change, files=21, lines=501)
OWN = check(GATE_CHECK, id=950, app_id=CONDUCTOR_APP, app_slug="conductor", conclusion="failure")
OWNED = f.Codeowners(path="CODEOWNERS", text="*.py @anna @acme/core # all of it\n/docs @zoe\n")


def change(**changes: Any) -> f.GateFacts:
    return green_facts(change=replace(green_facts().change, **changes))


def commits(**changes: Any) -> f.GateFacts:
    return green_facts(commits=replace(green_facts().commits, **changes))


def tampered(*, clearable: bool) -> TamperReport:
    finding = TamperFinding(
        kind="test-deleted", path="t.py", summary="t.py deleted", clearable=clearable
    )
    return TamperReport(head_sha=HEAD, findings=(finding,))


def issue(**changes: Any) -> f.GateFacts:
    return green_facts(issue=replace(green_facts().issue, **changes))


def pause(scope: f.PauseScope) -> f.Pause:
    return f.Pause(scope=scope, target="here", by="anna", reason="freeze", at=READ_AT)


def suite(**changes: Any) -> f.CheckSuite:
    values: dict[str, Any] = {
        "id": 60, "app_id": CI_APP, "app_slug": "ci", "head_sha": HEAD, "status": "queued",
        "conclusion": None, "runs": 0, "created_at": READ_AT.replace(hour=1),
    }  # fmt: skip
    return f.CheckSuite(**values | changes)


#: What is told of, by gate: the green facts first, then each way a gate can be stopped or unsure.
CASES: dict[str, tuple[Gate, f.GateFacts]] = {
    **{f"{gate.value} holds": (gate, green_facts()) for gate in Gate},
    "ci red": (Gate.CI, green_facts(checks=(check(conclusion="failure", url="https://ci.test/9"),))),
    "ci cancelled": (Gate.CI, green_facts(checks=(check(conclusion="cancelled", url="https://ci.test/9"),))),
    "ci running": (Gate.CI, green_facts(checks=(check(status="queued", conclusion=None, url="https://ci.test/9"),))),
    "ci missing": (Gate.CI, green_facts(checks=())),
    "ci nothing": (Gate.CI, green_facts(checks=(), required_checks=())),
    "ci of strangers": (
        Gate.CI,
        green_facts(
            checks=(check(app_id=66, app_slug="zed"), check(app_id=65, app_slug="abe", id=3))
        ),
    ),
    "ci of the author": (
        Gate.CI,
        green_facts(required_checks=(), checks=(check(app_id=AUTHOR_APP, app_slug="dev-e"),)),
    ),
    "ci idle suite": (Gate.CI, green_facts(required_checks=(), suites=(suite(),))),
    "ci unchecked suite": (
        Gate.CI,
        green_facts(
            required_checks=(), suites=(suite(status="completed", conclusion="failure"),)
        ),
    ),
    "review of nobody": (Gate.REVIEW, green_facts(reviews=())),
    "review demanded": (
        Gate.REVIEW,
        green_facts(
            reviews=(
                review(state=f.ReviewState.CHANGES_REQUESTED, url="https://github.test/r/70"),
                review(id=2, reviewer_id=PERSON, reviewer="anna",
                       state=f.ReviewState.CHANGES_REQUESTED),
            )
        ),
    ),
    "review by a person": (
        Gate.REVIEW,
        green_facts(
            reviews=(review(reviewer_id=PERSON, reviewer="anna", url="https://github.test/r/70"),),
            accounts=replace(green_facts().accounts, people_ids=frozenset({PERSON})),
        ),
    ),
    "review that counts for nothing": (
        Gate.REVIEW,
        green_facts(
            reviews=(
                review(commit_id=OLD_HEAD),
                review(id=71, reviewer_id=STRANGER, reviewer="eve"),
                review(id=72, reviewer_id=AUTHOR, reviewer="dev-e[bot]"),
            )
        ),
    ),
    "review of nameless work": (
        Gate.REVIEW,
        commits(identities=(f.Committer(role="author", account_id=None, name="Ghost"),)),
    ),
    "review of nobody's work": (Gate.REVIEW, commits(identities=())),
    "review of older work": (Gate.REVIEW, commits(head_sha=OLD_HEAD)),
    "closes nothing": (Gate.CLOSES, with_pull(body="Adds a farewell.")),
    "closes another": (Gate.CLOSES, with_pull(body="Closes #8")),
    "closes one more": (Gate.CLOSES, with_pull(body="Closes #7, closes other/repo#1")),
    "threads open": (
        Gate.THREADS,
        green_facts(
            threads=(
                thread(resolved=False, url="https://github.test/t/1"),
                thread(id="T2", path="b.py", resolved_by_id=AUTHOR),
                thread(id="T3", path="c.py", resolved_by_id=None),
            )
        ),
    ),
    "threads of the author": (
        Gate.THREADS, green_facts(threads=(thread(opened_by_id=AUTHOR, resolved_by_id=AUTHOR),)),
    ),
    "labels veto": (
        Gate.LABELS,
        with_pull(
            replace(issue(labels=("agent-ready", "hold")), block_labels=("hold",)),
            labels=("Do Not Merge", "bug"),
        ),
    ),
    "codeowners missing": (Gate.CODEOWNERS, replace(change(paths=("a.py", "b.py", "docs/x")),
                                                    codeowners=OWNED)),
    "codeowners unread": (
        Gate.CODEOWNERS,
        green_facts(
            codeowners=replace(OWNED, teams=(f.Team(slug="@acme/core", member_ids=None),))
        ),
    ),
    "codeowners a member": (
        Gate.CODEOWNERS,
        green_facts(
            codeowners=replace(
                OWNED, teams=(f.Team(slug="@acme/core", member_ids=frozenset({PERSON})),)
            ),
            reviews=(review(), review(id=71, reviewer_id=PERSON, reviewer="zoe")),
        ),
    ),
    "codeowners without paths": (
        Gate.CODEOWNERS, replace(change(truncated=True), codeowners=OWNED)),
    "human gate": (Gate.HUMAN_GATE, green_facts(human_gates=(reason(), reason("db/x.sql")))),
    "human gate cleared": (
        Gate.HUMAN_GATE, green_facts(human_gates=(reason(),), clearances=(clearance(),)),
    ),
    "human gate unsure": (Gate.HUMAN_GATE, change(truncated=True)),
    "size": (Gate.SIZE, green_facts(change=LARGE)),
    "size accepted": (
        Gate.SIZE,
        with_pull(
            green_facts(change=LARGE, size=f.SizeBounds(large_pr_ok=grant())),
            labels=("large-pr-ok",),
        ),
    ),
    "size unsure": (Gate.SIZE, change(truncated=True)),
    "tamper": (Gate.TAMPER, green_facts(tamper=tampered(clearable=False))),
    "tamper a person may clear": (Gate.TAMPER, green_facts(tamper=tampered(clearable=True))),
    "tamper cleared": (
        Gate.TAMPER, green_facts(tamper=tampered(clearable=True), clearances=(clearance(),)),
    ),
    "tamper unsure": (Gate.TAMPER, green_facts(tamper=None)),
    "pull request draft": (Gate.PULL_REQUEST, with_pull(draft=True)),
    "pull request closed": (Gate.PULL_REQUEST, with_pull(state="closed")),
    "pull request merged": (Gate.PULL_REQUEST, with_pull(merged=True)),
    "base of a fork": (Gate.BASE, with_pull(head_repository_id=501)),
    "base another": (Gate.BASE, with_pull(base_ref="release")),
    "config": (Gate.CONFIG, green_facts(config=f.Config(at_claim="1" * 40, on_base="2" * 40))),
    "config approved again": (
        Gate.CONFIG,
        green_facts(config=f.Config(at_claim="1" * 40, on_base="2" * 40, reapproved="2" * 40)),
    ),
    "config gone": (Gate.CONFIG, green_facts(config=f.Config(at_claim="1" * 40, on_base=None))),
    "config new": (Gate.CONFIG, green_facts(config=f.Config(at_claim=None, on_base="2" * 40))),
    "config never": (Gate.CONFIG, green_facts(config=f.Config(at_claim=None, on_base=None))),
    "issue closed": (Gate.ISSUE, issue(state="closed")),
    "issue unlabelled": (Gate.ISSUE, issue(labels=())),
    **{f"mode {mode.value}": (Gate.MODE, green_facts(merge_mode=mode)) for mode in f.MergeMode},
    "mergeable unknown": (Gate.MERGEABLE, with_pull(mergeable=None)),
    "mergeable conflict": (Gate.MERGEABLE, with_pull(mergeable=False)),
    "mergeable behind": (Gate.MERGEABLE, with_pull(mergeable_state="behind")),
    "mergeable blocked": (Gate.MERGEABLE, with_pull(mergeable_state="blocked")),
    "mergeable unstable for our own check": (
        Gate.MERGEABLE,
        with_pull(green_facts(checks=(check(), OWN)), mergeable_state="unstable"),
    ),
    "paused": (Gate.PAUSED, green_facts(pauses=tuple(pause(one) for one in f.PauseScope))),
    **{f"budget {one.value}": (Gate.BUDGET, green_facts(budget=one)) for one in f.BudgetState},
    **{
        f"unread {source.value}": (
            next(one.id for one in evaluate(lost, NOW).blockers),
            lost,
        )
        for source in f.Source
        for lost in (green_facts(unknown_sources=(f.UnknownSource(source=source, why="503"),)),)
    },
}  # fmt: skip


def told(name: str) -> Any:
    gate, facts = CASES[name]
    return json.loads(msgspec.json.encode(evaluate(facts, NOW).result(gate)))


@pytest.mark.parametrize("name", CASES)
def test_a_gate_says_what_is_on_record(name: str) -> None:
    assert told(name) == json.loads(RECORD.read_text())[name]


def test_nothing_is_on_record_that_no_gate_says() -> None:
    assert set(json.loads(RECORD.read_text())) == set(CASES)


if __name__ == "__main__":
    recorded = {name: told(name) for name in CASES}
    RECORD.write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n")
