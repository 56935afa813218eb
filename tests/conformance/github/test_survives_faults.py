"""Each effect on a GitHub that misbehaves: repeated as the rig does, it happens once."""

from collections.abc import Callable
from typing import Any

import pytest
from towns import BRANCH, FIXED, Town, Waiting, Work, plan, until_done

from rigtasks.github.api import Api
from rigtasks.github.checks import CheckDraft, put_check_run, read_check_runs
from rigtasks.github.contents import read_branch_head
from rigtasks.github.errors import NotFound, RateLimited
from rigtasks.github.identities import Role
from rigtasks.github.issues import comment_once, marker, read_comments
from rigtasks.github.merge import Merged, MergeRequest, find_merge, is_on_base, merge
from rigtasks.github.pulls import open_pull_request, read_pull_request
from rigtasks.github.reviews import (
    ReviewComment,
    ReviewDraft,
    ReviewEvent,
    post_review_once,
    read_reviews,
    read_threads,
    resolve_thread,
)
from rigtasks.local.github.faults.plan import NO_FAULTS
from rigtasks.workspace.push import PushOutcome

#: What can go wrong with the one request that matters, each only so often.
FAULTS: dict[str, list[dict[str, Any]]] = {
    "500 before": [{"kind": "error-before", "status": 500}],
    "503 before, twice": [{"kind": "error-before", "status": 503, "times": 2}],
    "502 after": [{"kind": "error-after", "status": 502}],
    "504 after": [{"kind": "error-after", "status": 504}],
    "cut in the middle": [{"kind": "cut"}],
    "cut before the first byte": [{"kind": "cut", "bytes": 0}],
    "401 for a live token": [{"kind": "unauthorized"}],
    "the token ends early": [{"kind": "token-expires"}],
    "secondary 403": [{"kind": "secondary-limit"}],
    "secondary 403 with a time": [{"kind": "secondary-limit", "retry_after": 7}],
    "secondary 429": [{"kind": "secondary-limit", "status": 429}],
    "secondary 429 with a time": [{"kind": "secondary-limit", "status": 429, "retry_after": 7}],
    "primary 403": [{"kind": "primary-limit"}],
    "primary 429": [{"kind": "primary-limit", "status": 429}],
    "502 after, and the list is behind": [{"kind": "error-after"}, {"kind": "stale-read"}],
    "cut, and the list is behind twice": [{"kind": "cut"}, {"kind": "stale-read", "times": 2}],
}


NAMES = tuple(FAULTS)
#: One of each kind, for effects that cost more to carry out.
SOME = (
    "503 before, twice",
    "502 after",
    "cut in the middle",
    "cut before the first byte",
    "the token ends early",
    "secondary 429 with a time",
    "primary 403",
    "502 after, and the list is behind",
)


class World:
    """The town, its pull request, and the identities under a clock of their own."""

    def __init__(self, town: Town, work: Work, number: int) -> None:
        self.town = town
        self.work = work
        self.number = number
        self.clock = Waiting()
        self._apis: dict[Role, Api] = {}

    def api(self, role: Role) -> Api:
        if role not in self._apis:
            self._apis[role] = self.town.patient(role, self.clock)
        return self._apis[role]

    def branches(self, prefix: str, *, alike: bool) -> list[str]:
        """Push a branch for each of some faults: at one commit, or each with its own file."""
        names = [f"{prefix}-{place}" for place in range(len(SOME))]
        self.work.branches(names, alike=alike)
        return names

    def under(
        self, fault: str, effect: Callable[[], object], *, call: str, reads: str, looks: int
    ) -> None:
        """Carry out an effect while its own call goes wrong, or the reads that follow it.

        Args:
            fault: a name in `FAULTS`.
            effect: what the rig does.
            call: `METHOD path` of the request that changes something.
            reads: the path that is read to see what there is.
            looks: how often that is read before the call.
        """
        method, path = call.split()
        about_call = {"methods": [method], "paths": [path]}
        about_reads = {"methods": ["GET"], "paths": [reads], "skip": looks}
        broken = [
            {"times": 1, **(about_reads if one["kind"] == "stale-read" else about_call), **one}
            for one in FAULTS[fault]
        ]
        faults = self.town.faults
        faults.install(plan(*broken))
        try:
            until_done(self.clock, effect)
            report = faults.report()
        finally:
            faults.install(NO_FAULTS)
        for rule, one in zip(report["rules"], broken, strict=True):
            least = 1 if one["kind"] == "stale-read" else one["times"]
            assert rule["injected"] >= least, (fault, report["injected"])


@pytest.fixture
def world(town: Town, work: Work, pull: int) -> World:
    return World(town, work, pull)


def test_a_comment_is_written_once(world: World) -> None:
    api = world.api(Role.CONDUCTOR)
    for place, fault in enumerate(NAMES):
        world.under(
            fault,
            lambda place=place: comment_once(api, 1, key=f"status/{place}", body="Queued"),
            call="POST /repos/*/*/issues/*/comments",
            reads="/repos/*/*/issues/*/comments",
            looks=1,
        )
    written = [comment.body for comment in read_comments(api, 1)]
    assert [
        sum(marker(f"status/{place}") in body for body in written) for place in range(len(NAMES))
    ] == ([1] * len(FAULTS))


def test_a_pull_request_is_opened_once(world: World) -> None:
    api, names = world.api(Role.AUTHOR), world.branches("feature/issue-1-pr", alike=True)
    for branch, fault in zip(names, SOME, strict=True):
        world.under(
            fault,
            lambda branch=branch: open_pull_request(
                api, branch=branch, base="main", title="Round", body="Closes #1"
            ),
            call="POST /repos/*/*/pulls",
            reads="/repos/*/*/pulls",
            looks=1,
        )
    assert sorted(world.town.pull_heads()) == sorted([*names, BRANCH])


def test_a_review_is_posted_once(world: World) -> None:
    api, head = world.api(Role.REVIEWER), world.work.head or ""
    for place, fault in enumerate(SOME):
        draft = ReviewDraft(
            key=f"review/{place}",
            commit_id=head,
            event=ReviewEvent.REQUEST_CHANGES,
            body="Add a test.",
            comments=(ReviewComment(path="price.py", line=2, body=f"Remark {place}."),),
        )
        world.under(
            fault,
            lambda draft=draft: post_review_once(api, world.number, draft),
            call="POST /repos/*/*/pulls/*/reviews",
            reads="/repos/*/*/pulls/*/reviews",
            looks=1,
        )
    assert [review.body.count("rig:review/") for review in read_reviews(api, world.number)] == (
        [1] * len(SOME)
    )

    # and each of its threads is resolved, whatever goes wrong
    threads = read_threads(api, world.number)
    assert len(threads) == len(SOME)
    conductor = world.api(Role.CONDUCTOR)
    for thread, fault in zip(threads, SOME, strict=True):
        if len(FAULTS[fault]) == 1:
            world.under(
                fault,
                lambda thread=thread: resolve_thread(conductor, thread.id),
                call="POST /graphql",
                reads="",
                looks=0,
            )
    open_threads = [one for one in read_threads(api, world.number) if not one.is_resolved]
    assert len(open_threads) == sum(len(FAULTS[name]) > 1 for name in SOME)


def test_a_check_run_is_made_once_and_brought_up_to_date_once(world: World) -> None:
    api, head = world.api(Role.CONDUCTOR), world.work.head or ""

    def put(place: int, status: str, conclusion: str | None) -> None:
        draft = CheckDraft(
            name=f"rig/gate-{place}",
            head_sha=head,
            external_id=f"gate:{place}",
            status=status,
            conclusion=conclusion,
            title=status,
            summary="Waiting.",
        )
        put_check_run(api, draft)

    for place, fault in enumerate(SOME):
        world.under(
            fault,
            lambda place=place: put(place, "in_progress", None),
            call="POST /repos/*/*/check-runs",
            reads="/repos/*/*/commits/*/check-runs",
            looks=1,
        )
        if len(FAULTS[fault]) == 1:
            world.under(
                fault,
                lambda place=place: put(place, "completed", "success"),
                call="PATCH /repos/*/*/check-runs/*",
                reads="",
                looks=0,
            )
    assert world.town.check_runs(head) == len(SOME)
    done = [run for run in read_check_runs(api, head) if run.conclusion == "success"]
    assert len(done) == sum(len(FAULTS[name]) == 1 for name in SOME)


def test_a_pull_request_is_merged_once(world: World) -> None:
    api, names = world.api(Role.CONDUCTOR), world.branches("m", alike=False)
    for branch, fault in zip(names, SOME, strict=True):
        number, head_sha = world.town.open_pull(branch, branch)
        request = MergeRequest(
            number=number,
            head_sha=head_sha,
            base_ref="main",
            title=branch,
            message=f"Rig-Run: {branch}",
            marker=f"Rig-Run: {branch}",
        )

        def effect(request: MergeRequest = request) -> None:
            outcome = find_merge(api, request) or merge(api, request)
            assert isinstance(outcome, Merged)
            assert is_on_base(api, "main", outcome.sha)

        world.under(
            fault,
            effect,
            call="PUT /repos/*/*/pulls/*/merge",
            reads="/repos/*/*/pulls/*",
            looks=1,
        )
    messages = world.town.messages()
    assert [messages.count(f"{name}\n\nRig-Run: {name}") for name in names] == [1] * len(SOME)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "error-before", "status": 500},
        {"kind": "error-before", "status": 503, "times": 2},
        {"kind": "error-after"},
        {"kind": "error-after", "status": 504},
        {"kind": "cut", "bytes": 0},
        {"kind": "cut"},
    ],
    ids=lambda fault: "-".join(str(part) for part in fault.values()),
)
def test_a_branch_is_pushed_once(town: Town, work: Work, fault: dict[str, object]) -> None:
    clock = Waiting()
    api, sha = town.patient(Role.CONDUCTOR, clock), work.commit({"price.py": FIXED})
    about = {"times": 1, "methods": ["POST"], "paths": ["/*/*/git-receive-pack"]}
    town.faults.install(plan({**about, **fault}))
    try:
        outcome = until_done(clock, lambda: work.push(sha))
        (rule,) = town.faults.report()["rules"]
    finally:
        town.faults.install(NO_FAULTS)
    assert outcome in {PushOutcome.PUSHED, PushOutcome.ALREADY_THERE}
    assert rule["injected"] == fault.get("times", 1)
    assert read_branch_head(api, BRANCH) == sha


def test_a_limit_is_waited_out_without_a_single_call(world: World) -> None:
    api, faults = world.api(Role.CONDUCTOR), world.town.faults
    faults.install(plan({"kind": "secondary-limit", "status": 429, "retry_after": 30, "times": 1}))
    try:
        with pytest.raises(RateLimited) as limited:
            read_pull_request(api, world.number)
        assert limited.value.retry_after == 30
        with pytest.raises(RateLimited):
            read_pull_request(api, world.number)
        world.clock.sleep(29)
        with pytest.raises(RateLimited):
            comment_once(api, world.number, key="status", body="Queued")
        (rule,) = faults.report()["rules"]
        assert rule["matched"] == 1

        world.clock.sleep(1.1)
        assert read_pull_request(api, world.number).number == world.number
    finally:
        faults.install(NO_FAULTS)


def test_an_answer_that_does_not_come_is_looked_for(world: World) -> None:
    api, faults = world.town.patient(Role.CONDUCTOR, world.clock, timeout=3.0), world.town.faults
    slow = {"kind": "slow", "seconds": 3_600, "methods": ["POST"], "paths": ["/repos/**"]}
    faults.install(plan({**slow, "times": 1}))
    try:
        until_done(world.clock, lambda: comment_once(api, 1, key="status", body="Queued"))
        assert faults.report()["injected_count"] == 1
    finally:
        faults.install(NO_FAULTS)
    assert len(read_comments(world.api(Role.CONDUCTOR), 1)) == 1


def test_what_was_just_made_may_be_missing_for_a_moment(world: World) -> None:
    api, faults = world.api(Role.CONDUCTOR), world.town.faults
    world.branches("late", alike=True)
    with pytest.raises(NotFound):
        read_pull_request(api, world.number + 1)
    number, _ = world.town.open_pull("late-0", "Late")
    faults.install(plan({"kind": "stale-read", "paths": ["/repos/*/*/pulls/*"], "times": 2}))
    try:
        found = until_done(world.clock, lambda: read_pull_request(api, number))
        (rule,) = faults.report()["rules"]
    finally:
        faults.install(NO_FAULTS)
    assert (found.number, rule["injected"]) == (number, 2)
