"""Counts what a fault lost and what it did twice, from the events and from GitHub itself."""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from faulty_rig import FaultyRig
from shop import Issue

_MARKER = re.compile(r"<!-- rig:[^>]*-->")
_ONCE = ("MERGED", "ISSUE_DONE", "PR_CREATED", "ISSUE_APPROVED")
_OVERLAPS = """
SELECT a.run_id, b.run_id FROM runs AS a
  JOIN runs AS b ON b.stream = a.stream AND b.epoch > a.epoch
 WHERE a.stream = ANY (%s) AND (a.ended_at IS NULL OR a.ended_at > b.started_at)
"""
_STALE = """
SELECT e.stream, e.version, e.type FROM events AS e
  JOIN events AS c ON c.stream = e.stream AND c.version < e.version
   AND c.type IN ('ISSUE_ASSIGNED', 'REVIEW_ASSIGNED')
   AND (c.data ->> 'epoch')::int > (e.data ->> 'epoch')::int
 WHERE e.stream = ANY (%s) AND e.data::jsonb ? 'epoch'
"""
_STARTS = """
SELECT stream, data ->> 'run_id', count(*) FROM events
 WHERE stream = ANY (%s) AND type = 'WORK_STARTED'
 GROUP BY 1, 2 HAVING count(*) > 1
"""
_STREAMS = "SELECT stream FROM issues WHERE ref = ANY (%s)"


@dataclass(frozen=True)
class Tally:
    """What was found missing and what was found twice, each in words."""

    lost: tuple[str, ...] = ()
    duplicated: tuple[str, ...] = ()

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.lost + other.lost, self.duplicated + other.duplicated)


def tally_of_issues(rig: FaultyRig, issues: Collection[Issue], *, lane: str = "done") -> Tally:
    """Judge issues that should have come to their end: each once, with one of everything."""
    lost: list[str] = []
    twice: list[str] = []
    for issue in issues:
        counts = Counter(issue.types())
        ((found,),) = rig.rows("SELECT lane FROM issues WHERE ref = %s", issue.ref)
        if found != lane:
            lost.append(f"{issue.ref} is {found}: {list(counts)}")
        twice += [f"{issue.ref} has {counts[kind]} {kind}" for kind in _ONCE if counts[kind] > 1]
        twice += _on_github(issue, counts)
    return Tally(tuple(lost), tuple(twice)) + tally_of_claims(rig, issues)


def tally_of_claims(rig: FaultyRig, issues: Collection[Issue]) -> Tally:
    """Judge the claims of issues: none beside another, none written for after it was lost."""
    streams = [stream for (stream,) in rig.rows(_STREAMS, [one.ref for one in issues])]
    twice = [f"runs at the same time: {row}" for row in rig.rows(_OVERLAPS, streams)]
    twice += [f"written by an old epoch: {row}" for row in rig.rows(_STALE, streams)]
    twice += [f"one run began twice: {row}" for row in rig.rows(_STARTS, streams)]
    return Tally((), tuple(twice))


def tally_of_deliveries(rig: FaultyRig, accepted: Iterable[str]) -> Tally:
    """Judge deliveries that were answered 2xx: each is in the ledger, and is settled once."""
    wanted = set(accepted)
    stored = {row[0] for row in rig.rows("SELECT delivery_id FROM deliveries")}
    return Tally(tuple(sorted(wanted - stored)))


def _on_github(issue: Issue, counts: "Counter[str]") -> list[str]:
    ours = [pull for pull in issue.pulls() if pull["user"]["type"] == "Bot"]
    mine = [pull for pull in ours if f"Closes #{issue.number}" in (pull["body"] or "")]
    found = []
    if len(mine) > 1:
        found.append(f"{issue.ref} has the pull requests {[one['number'] for one in mine]}")
    for number in [issue.number, *(pull["number"] for pull in mine)]:
        told = issue.person.pages(f"/repos/{issue.repo}/issues/{number}/comments")
        marks = Counter(mark for one in told for mark in _MARKER.findall(one["body"] or "")[:1])
        found += [f"{issue.repo}#{number}: {mark} {n} times" for mark, n in marks.items() if n > 1]
    verdicts = counts["REVIEW_PASSED"] + counts["REVIEW_DISPUTED"]
    for pull in mine:
        reviews = issue.person.pages(f"/repos/{issue.repo}/pulls/{pull['number']}/reviews")
        bots = [one for one in reviews if one["user"]["type"] == "Bot"]
        if len(bots) > verdicts:
            found.append(f"{issue.ref}: {len(bots)} reviews for {verdicts} verdicts")
    return found
