"""Read what a pull request changes, and judge it by the same policy as before the push."""

import re
from collections.abc import Iterator

import msgspec

from rigtasks.gate.facts import Change
from rigtasks.gate.human_gates import HumanGateReason, TamperFinding, TamperReport
from rigtasks.github.api import Api
from rigtasks.github.pull_request_facts import PullRequestFacts
from rigtasks.github.pulls import read_diff
from rigtasks.review.diff import Diff, LineKind, parse_diff
from rigtasks.review.diff_policy import (
    CommitMessage,
    Denial,
    DiffBounds,
    GateKind,
    PolicyReport,
    inspect,
)
from rigtasks.review.globs import first_match
from rigtasks.routing.agent_config import CONFIG_PATH, AgentConfig
from rigtasks.routing.escalation import called_for, sends_to_a_mac
from rigtasks.routing.keys import ReviewBy

#: The size is a gate of its own, with a label that lifts it.
_JUDGED_ELSEWHERE = frozenset({Denial.TOO_LARGE})
_BETWEEN_WORDS = re.compile(r"[\W_]+")


class ChangeReading(msgspec.Struct, frozen=True, kw_only=True):
    """The measured change with what the policy says of it; no report where it was not readable."""

    change: Change
    tamper: TamperReport | None = None
    human_gates: tuple[HumanGateReason, ...] = ()


def read_change(api: Api, seen: PullRequestFacts, config: AgentConfig) -> ChangeReading:
    """Read the diff at the head and judge it.

    Raises:
        RigError: it could not be read or understood.
    """
    text = read_diff(api, seen.pull_request.number)
    diff = parse_diff(text.text.encode(), truncated=text.truncated)
    messages = tuple(CommitMessage(sha=one.sha, message=one.commit.message) for one in seen.commits)
    report = inspect(diff, messages, bounds_of(config))
    pull = seen.pull_request
    paths = {name for one in seen.files for name in (one.filename, one.previous_filename) if name}
    return ChangeReading(
        change=Change(
            head_sha=seen.head_sha,
            files=pull.changed_files,
            lines=pull.additions + pull.deletions,
            paths=tuple(sorted(paths)),
            truncated=seen.files_truncated or text.truncated,
        ),
        tamper=_tamper(report, seen.head_sha),
        human_gates=human_gates_of(report, diff, config),
    )


def bounds_of(config: AgentConfig, *, large_pr_ok: bool = False) -> DiffBounds:
    """Return what a repository allows; its file can only add to the built-in lists."""
    return DiffBounds(
        deny=config.paths.deny, sensitive=config.paths.sensitive, large_pr_ok=large_pr_ok
    )


def human_gates_of(
    report: PolicyReport, diff: Diff, config: AgentConfig
) -> tuple[HumanGateReason, ...]:
    """Return the reasons for a person to look; weakened tests are told by the tamper report."""
    found = (
        *(
            HumanGateReason(rule=one.rule, path=one.path, summary=one.summary)
            for one in report.human_gates
            if one.kind is not GateKind.TESTS
        ),
        *_escalations(diff, config.escalate),
    )
    if config.review is not ReviewBy.HUMAN:
        return found
    asked = HumanGateReason(
        rule="review: human",
        path=CONFIG_PATH,
        summary="this repository asks for a person's approval of every change",
    )
    return (*found, asked)


def _escalations(diff: Diff, entries: tuple[str, ...]) -> Iterator[HumanGateReason]:
    """Yield each file with the first of the repository's entries that its change speaks of."""
    sought = tuple(entry for entry in entries if not sends_to_a_mac(entry))
    if not sought:
        return
    for one in diff.files:
        changed = "\n".join(line.text for line in one.lines if line.kind is not LineKind.CONTEXT)
        paths = [name for name in (one.path, one.old_path) if name]
        named = (first_match(name, sought) for name in paths)
        spoken = "\n".join([*map(_words, paths), changed])
        entry = next((name for name in named if name), None) or next(
            iter(called_for(sought, spoken)), None
        )
        if entry is not None:
            yield HumanGateReason(
                rule=f"escalate: {entry}",
                path=one.path,
                summary=f"{one.path} speaks of “{entry}”, for which this repository wants a person",
            )


def _words(path: str) -> str:
    """Return the words of a path, whatever stands between them."""
    return " ".join(_BETWEEN_WORDS.split(path))


def _tamper(report: PolicyReport, head_sha: str) -> TamperReport:
    denied = tuple(
        TamperFinding(kind=one.kind, path=one.path or "", summary=one.summary, clearable=False)
        for one in report.denials
        if one.kind not in _JUDGED_ELSEWHERE
    )
    weakened = tuple(
        TamperFinding(kind=one.rule, path=one.path, summary=one.summary)
        for one in report.human_gates
        if one.kind is GateKind.TESTS
    )
    return TamperReport(head_sha=head_sha, findings=(*denied, *weakened))
