"""The message of the commit a run makes."""

import re

from rigtasks.agent.assignment import Assignment, FeedbackKind

_SUBJECT = 72
#: Words by which a commit would switch CI off on GitHub; nobody's title may do that.
_CI_SWITCH = re.compile(
    r"\[(?:skip ci|ci skip|no ci|skip actions|actions skip)\]|skip-checks:\s*true", re.IGNORECASE
)
_NOT_PLAIN = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_ANSWERS = {
    FeedbackKind.REVIEW: "answer the review of",
    FeedbackKind.CI: "repair the checks of",
    FeedbackKind.CONFLICT: "merge the base into",
}


def commit_message(
    assignment: Assignment, *, agent: str, model: str, unfinished: bool = False
) -> str:
    """Write subject and trailers; the title is the only foreign text and stays on one line."""
    words = _harmless(assignment.title) or "the reported issue"
    kind = assignment.feedback.kind if assignment.feedback else None
    answer = _ANSWERS.get(kind) if kind else None
    subject = f"fix: {answer} “{words}”" if answer else f"fix: {words}"
    if unfinished:
        subject = f"wip: {words}"
    if len(subject) > _SUBJECT:
        subject = subject[: _SUBJECT - 1].rstrip() + "…"
    trailers = {
        "Rig-Issue": assignment.ref,
        "Rig-Run": str(assignment.run_id),
        "Rig-Agent": agent,
        "Rig-Model": model,
    }
    lines = (f"{name}: {_NOT_PLAIN.sub(' ', value)}" for name, value in trailers.items())
    return f"{subject}\n\n" + "\n".join(lines) + "\n"


def _harmless(title: str) -> str:
    """Bring a title onto one line and take CI switches out, also those left by taking one out."""
    words = " ".join(_NOT_PLAIN.sub(" ", title).split())
    while _CI_SWITCH.search(words):
        words = " ".join(_CI_SWITCH.sub(" ", words).split())
    return words
