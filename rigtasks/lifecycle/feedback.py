"""Turn what others said about a head into the text that the next run must answer."""

from rigtasks.lifecycle.events import acceptance
from rigtasks.lifecycle.state import Feedback, FeedbackKind


def review_feedback(event: acceptance.ReviewDisputed) -> Feedback:
    """Return the reviewer's summary with its findings."""
    return Feedback(
        kind=FeedbackKind.REVIEW,
        head_sha=event.head_sha,
        text=event.summary,
        findings=event.findings,
    )


def ci_feedback(event: acceptance.CiFailed) -> Feedback:
    """Return the failed checks with the tail of what they printed."""
    lines = [f"- {check.name}: {check.conclusion}\n{check.summary}" for check in event.checks]
    return Feedback(kind=FeedbackKind.CI, head_sha=event.head_sha, text="\n".join(lines))


def conflict_feedback(event: acceptance.MergeConflict, base_branch: str) -> Feedback:
    """Return the demand to merge the base branch into this one."""
    text = f"The branch has to contain {base_branch} at {event.base_sha} before it can be merged."
    return Feedback(kind=FeedbackKind.CONFLICT, head_sha=event.head_sha, text=text)
