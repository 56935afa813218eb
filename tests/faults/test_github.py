"""A GitHub that fails, limits, lies and tells twice: rows A12, A35 to A38 and A40 to A43."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from faulty_rig import FaultyRig
from ledger import tally_of_issues
from outcomes import Outcomes
from running_rig import Json
from shop import Town
from times import RECONCILE_SECONDS

from rigtasks.local.github.faults.plan import (
    AnyRule,
    Cut,
    ErrorAfter,
    ErrorBefore,
    FaultPlan,
    PrimaryLimit,
    SecondaryLimit,
    Slow,
    StaleRead,
    TokenExpires,
    Unauthorized,
    WebhookDelay,
    WebhookDrop,
    WebhookDuplicate,
    WebhookFail,
    WebhookReorder,
)

BOTS = ("dev-e[bot]", "review-e[bot]", "rig-conductor[bot]")
#: How far reads lie behind. No repository is that new: that its people are not yet known as such
#: is another case.
CHANGES_BEHIND, SECONDS_BEHIND = 3, 2.0
PUSH = "/*/*/git-receive-pack"
WRITES: tuple[tuple[str, str], ...] = (
    ("POST", "/repos/*/*/pulls"),
    ("POST", "/repos/*/*/pulls/*/reviews"),
    ("PUT", "/repos/*/*/pulls/*/merge"),
    ("POST", "/repos/*/*/issues/*/comments"),
    ("PATCH", "/repos/*/*/issues/comments/*"),
    ("POST", "/repos/*/*/check-runs"),
    ("POST", PUSH),
)


def each_write_fails(kind: Any) -> tuple[AnyRule, ...]:
    """Return a rule for each write of the rig, which strikes once."""
    return tuple(
        kind(methods=(method,), paths=(path,), callers=BOTS, times=1) for method, path in WRITES
    )


@dataclass(frozen=True)
class Bad:
    """A bad day of GitHub."""

    row: str
    fault: str
    rules: tuple[AnyRule, ...]
    short: bool = False
    seconds: float = 150.0


TWICE_AND_LATE: tuple[AnyRule, ...] = (
    WebhookDuplicate(copies=2),
    WebhookDuplicate(guid="new"),
    WebhookReorder(behind=2, patience=1.0),
    WebhookDelay(seconds=0.5, chance=0.5),
)
DAYS = (
    Bad(
        "A35-A37, A40",
        "webhooks twice, under new ids, out of order, late; 502 after the effect of each write",
        (*TWICE_AND_LATE, *each_write_fails(ErrorAfter)),
        short=True,
    ),
    Bad("A40", "502 after the effect of each write", each_write_fails(ErrorAfter)),
    Bad("A40", "502 before the effect of each write", each_write_fails(ErrorBefore)),
    Bad("A40", "connection cut after the effect of each write", each_write_fails(Cut)),
    Bad(
        "A35-A37",
        "webhooks twice, under new ids as well, out of order and late",
        TWICE_AND_LATE,
    ),
    Bad("A38", "one webhook in ten dropped", (WebhookDrop(chance=0.1),)),
    Bad("A38", "every webhook dropped", (WebhookDrop(),), seconds=6 * RECONCILE_SECONDS),
    Bad(
        "A12",
        "receiver out of reach: every webhook fails",
        (WebhookFail(),),
        seconds=6 * RECONCILE_SECONDS,
    ),
    Bad("A41", "401 for a token that is valid", (Unauthorized(callers=BOTS, chance=0.2, times=5),)),
    Bad("A41", "tokens that end early", (TokenExpires(callers=BOTS, skip=3, times=3),)),
    Bad(
        "A41",
        "secondary limits, with and without Retry-After",
        (
            SecondaryLimit(callers=BOTS, skip=4, times=1, retry_after=2),
            SecondaryLimit(callers=BOTS, skip=9, times=1, status=429),
        ),
        seconds=240.0,
    ),
    Bad(
        "A41",
        "the hourly limit used up",
        (PrimaryLimit(callers=BOTS, skip=6, times=1, reset=5),),
        seconds=240.0,
    ),
    Bad("A42", "answers 3 s late", (Slow(seconds=3.0, callers=BOTS, chance=0.2),), seconds=240.0),
    Bad("A42", "answers cut in half", (Cut(methods=("GET",), callers=BOTS, chance=0.1, times=8),)),
    Bad(
        "A43",
        "reads that lie behind",
        (StaleRead(callers=BOTS, chance=0.3, changes=CHANGES_BEHIND),),
    ),
    Bad(
        "A43",
        "what was just made is not there yet",
        (StaleRead(callers=BOTS, seconds=SECONDS_BEHIND, chance=0.5, times=20),),
    ),
)


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "day",
    [
        pytest.param(day, id=day.fault, marks=() if day.short else pytest.mark.make_faults)
        for day in DAYS
    ],
)
def test_a_bad_day_of_github_loses_and_doubles_nothing(
    town: Town, rig: FaultyRig, outcomes: Outcomes, day: Bad
) -> None:
    rig.need_a_worker()
    shop = town.shop()
    issue = shop.issue()
    for _ in range(CHANGES_BEHIND):
        shop.issue()
    if any(isinstance(rule, StaleRead) for rule in day.rules):
        time.sleep(SECONDS_BEHIND)

    with bad_day(town, day) as report:
        began = rig.now()
        issue.label()
        issue.wait("ISSUE_DONE", seconds=day.seconds)
    rig.wait_told(issue.ref)

    outcomes.add(
        day.row,
        day.fault,
        tally_of_issues(rig, [issue]),
        injected=int(report["injected_count"]),
        recovery=(rig.now() - began).total_seconds(),
    )
    assert not {"RUN_FAILED", "ISSUE_FAILED"} & set(issue.types())
    struck = {rule["kind"] for rule in report["rules"] if rule["injected"]}
    assert struck == {rule["kind"] for rule in report["rules"]}, "not every kind of fault struck"


@contextmanager
def bad_day(town: Town, day: Bad) -> Iterator[Json]:
    """Let GitHub misbehave meanwhile, and tell afterwards how often it did."""
    report: Json = {}
    town.seeder.plan_faults(FaultPlan(seed=7, faults=day.rules))
    try:
        yield report
    finally:
        report |= town.seeder.faults()
        town.seeder.end_faults()
