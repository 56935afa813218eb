"""The demo itself: file the sample issues, tell what happens to them, check that it is true."""

import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

import msgspec

from rigtasks.eventstore.connection import DatabaseUnavailable
from rigtasks.lifecycle.envelope import StoredEvent
from rigtasks.local.demo.event_feed import EventFeed
from rigtasks.local.demo.line import Line, Tone, line
from rigtasks.local.demo.printing import Printer
from rigtasks.local.demo.progress import IssueProgress, IssueReport
from rigtasks.local.demo.samples import read_samples
from rigtasks.local.demo.seed import FiledIssue, file_issue, maintainer
from rigtasks.local.demo.verification import problems_of_merge
from rigtasks.local.github.seeding import Seeder
from rigtasks.local.problems import Interrupted, LocalFailure
from rigtasks.local.stack import LocalStack
from rigtasks.routing.labels import READY

PATIENCE_SECONDS = 90.0
PATIENCE_WITH_REAL_TOOLS = 240.0
POLL_SECONDS = 0.1
MERGED, UNFINISHED = 0, 1


class DemoReport(msgspec.Struct, frozen=True, kw_only=True):
    """The whole demo as `rig demo --json` prints it; `ok` means that every merge is verified."""

    issues: tuple[IssueReport, ...]
    ok: bool


def run(
    stack: LocalStack,
    *,
    json_output: bool,
    keep: bool,
    patience_seconds: float = PATIENCE_SECONDS,
) -> int:
    """Tell the demo's story on a running stack and return the exit code.

    Args:
        stack: a started stack with the sandbox GitHub.
        json_output: print one JSON object on standard output; the story goes to standard error.
        keep: wait afterwards, with the stack running, until somebody asks for its end.
        patience_seconds: how long the issues may take; not scaled.

    Raises:
        LocalFailure: the stack has no sandbox GitHub.
        Interrupted: somebody asked for the end before the story had one.
    """
    if not stack.options.sandbox_github or stack.addresses is None:
        raise LocalFailure(
            "the demo needs a running stack with the sandbox GitHub: "
            "unset RIG_APPS_FILE and RIG_GITHUB_TOKEN, or label an issue on your GitHub instead"
        )
    printer = Printer(sys.stderr if json_output else sys.stdout)
    printer.opening(stack.addresses, stack.logs)
    with (
        closing(EventFeed(stack.addresses.database_url)) as feed,
        Seeder.for_data_dir(stack.addresses.github, stack.github_dir) as seeder,
    ):
        person = maintainer(seeder)
        filed = [file_issue(seeder, person, sample) for sample in read_samples()]
        report = Story(stack, feed, printer, StoryClock.start(feed)).tell(filed, patience_seconds)
    if json_output:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
        sys.stdout.flush()
    if keep:
        printer.kept(stack.addresses.pid)
        stack.wait()
    else:
        printer.stopping()
    return MERGED if report.ok else UNFINISHED


@dataclass(frozen=True, kw_only=True)
class StoryClock:
    """The time since the story began, by the database's clock for what the database recorded."""

    began_at: datetime
    began: float

    @classmethod
    def start(cls, feed: EventFeed) -> Self:
        """Begin now, and leave out every event so far."""
        return cls(began_at=feed.skip_to_end(), began=time.monotonic())

    def elapsed(self) -> float:
        """Return the seconds since the beginning."""
        return time.monotonic() - self.began

    def now(self) -> datetime:
        """Return the database's time."""
        return self.began_at + timedelta(seconds=self.elapsed())

    def since(self, moment: datetime) -> float:
        """Return the seconds from the beginning to a recorded moment."""
        return (moment - self.began_at).total_seconds()


@dataclass(kw_only=True)
class Followed:
    """An issue of the demo with what became of it; its merge is checked once."""

    issue: FiledIssue
    progress: IssueProgress
    checked: bool = False


class Story:
    """One telling: label the issues, follow their events, check their merges.

    Args:
        stack: asked whether somebody wants the end.
        feed: where the events come from.
        printer: where the lines go.
        clock: started just before.
    """

    def __init__(
        self, stack: LocalStack, feed: EventFeed, printer: Printer, clock: StoryClock
    ) -> None:
        self._stack = stack
        self._feed = feed
        self._printer = printer
        self._clock = clock
        self._followed: list[Followed] = []
        self._away = False

    def tell(self, filed: Sequence[FiledIssue], patience_seconds: float) -> DemoReport:
        """Label the issues and follow them to their end.

        Raises:
            Interrupted: somebody asked for the end meanwhile.
        """
        self._printer.issues([issue.ref for issue in filed], READY)
        for issue in filed:
            self._set_off(issue)
        in_time = self._follow(patience_seconds)
        reports = tuple(each.progress.report(self._clock.now()) for each in self._followed)
        self._printer.summary(reports, self._clock.elapsed())
        if not in_time:
            left = [each.progress for each in self._followed if not each.progress.ended]
            whereabouts = [(progress.ref, progress.whereabouts()) for progress in left]
            self._printer.unfinished(whereabouts, patience_seconds, self._stack.logs)
        return DemoReport(issues=reports, ok=all(report.verified for report in reports))

    def _set_off(self, issue: FiledIssue) -> None:
        labelled_at = self._clock.now()
        issue.label(READY)
        progress = IssueProgress(
            issue.ref, repo_id=issue.repo_id, number=issue.number, labelled_at=labelled_at
        )
        self._followed.append(Followed(issue=issue, progress=progress))
        words = f"labelled {READY} by {issue.person.login}"
        told = line(Tone.STEP, words, issue.title)
        self._printer.line(self._clock.since(labelled_at), issue.ref, told)

    def _follow(self, patience_seconds: float) -> bool:
        """Print what happens until every issue has ended; False when that takes too long."""
        while True:
            for stored in self._new_events():
                self._take_in(stored)
            if all(each.progress.ended for each in self._followed):
                return True
            if self._clock.elapsed() > patience_seconds:
                return False
            if self._stack.wait(POLL_SECONDS):
                raise Interrupted("stopped before the end of the story")

    def _new_events(self) -> tuple[StoredEvent, ...]:
        """Return what was recorded since the last call, by time: streams are told side by side."""
        try:
            events = self._feed.next_events()
        except DatabaseUnavailable as trouble:
            if not self._away:
                self._printer.note(f"{trouble}; the story goes on when it is back")
            self._away = True
            return ()
        self._away = False
        return tuple(sorted(events, key=lambda stored: stored.recorded_at))

    def _take_in(self, stored: StoredEvent) -> None:
        for each in self._followed:
            if not each.progress.owns(stored):
                continue
            seconds = self._clock.since(stored.recorded_at)
            for told in each.progress.add(stored):
                self._printer.line(seconds, each.progress.ref, told)
            merged = each.progress.merged
            if merged is not None and not each.checked:
                each.checked = True
                self._check(each, *merged)

    def _check(self, each: Followed, pr: int, merge_sha: str) -> None:
        """Look at git and GitHub once the rig says that the issue is done."""
        problems = problems_of_merge(each.issue, pr, merge_sha)
        each.progress.verified = not problems
        for problem in problems:
            self._print(each.progress, line(Tone.BAD, problem))
        if not problems:
            told = line(Tone.GOOD, "issue closed", "git finds the merge on main")
            self._print(each.progress, told)

    def _print(self, progress: IssueProgress, told: Line) -> None:
        self._printer.line(self._clock.elapsed(), progress.ref, told)
