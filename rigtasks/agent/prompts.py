"""A prompt is a pure function of the assignment and the character.

Foreign text stands between marks that carry a digest of that text, so that no text can contain
the mark that ends it.
"""

import hashlib
from collections.abc import Iterator

from rigtasks.agent.assignment import Assignment, Commands, Feedback, Remark, Role
from rigtasks.agent.characters import Character
from rigtasks.errors import Permanent


def build_prompt(
    assignment: Assignment, character: Character, feedback: Feedback | None = None
) -> str:
    """Write the prompt of one call.

    Args:
        assignment: the run's work order.
        character: must be of the assignment's role.
        feedback: of the previous round of this run; otherwise the assignment's own is used.

    Raises:
        Permanent: the character has another role.
    """
    if character.role is not assignment.role:
        raise Permanent(f"{character.name} is no character for {assignment.role.value}")
    parts = [
        character.task,
        "Rules:\n" + "\n".join(f"- {rule}" for rule in character.rules),
        *_facts(assignment),
        *_unfinished(assignment),
        *_issue(assignment),
        *_memories(assignment),
        *_feedback(feedback or assignment.feedback),
    ]
    if assignment.role is Role.REVIEW:
        parts.append("The change under review, complete:\n" + as_data("diff", assignment.diff))
    parts.append(character.answer)
    return "\n\n".join(parts) + "\n"


def as_data(kind: str, text: str) -> str:
    """Put foreign text between marks that it cannot contain."""
    digest = hashlib.sha256(f"{kind}\0{text}".encode(errors="replace")).hexdigest()[:16]
    return f"<<<{kind} {digest}>>>\n{text}\n<<<end {kind} {digest}>>>"


def _facts(assignment: Assignment) -> Iterator[str]:
    facts = [
        f"Issue: {assignment.ref}",
        f"Branch: {assignment.branch}",
        f"Base: {assignment.base_branch} at {assignment.base_sha}",
        f"Start: {assignment.head_sha}",
    ]
    if assignment.role is Role.IMPLEMENT:
        facts += _command_facts(assignment.commands)
    yield "\n".join(facts)


def _command_facts(commands: Commands) -> Iterator[str]:
    yield f"Directory: {commands.workdir}"
    if commands.tools:
        yield f"Tools: {', '.join(tool.label for tool in commands.tools)}"
    if commands.build is not None:
        yield f"Build command: {commands.build}"
    if commands.test is not None:
        yield f"Test command: {commands.test}"


def _unfinished(assignment: Assignment) -> Iterator[str]:
    since = assignment.unfinished_since
    if since is None:
        return
    yield (
        f"Unfinished since: {since}\n"
        "An earlier run of this issue was interrupted. What it had changed is committed at the "
        f"start; `git diff {since}` shows it. Nobody has tested or reviewed it. Keep what is "
        "right, change what is not, and finish the work."
    )


def _issue(assignment: Assignment) -> Iterator[str]:
    yield "The issue, as approved:\n" + as_data("title", assignment.title)
    yield as_data("body", assignment.body)
    for comment in assignment.comments:
        yield f"A comment by {comment.author}:\n" + as_data("comment", comment.body)


def _memories(assignment: Assignment) -> Iterator[str]:
    if assignment.memories:
        yield "What earlier runs noted about this repository:"
        yield from (as_data("memory", memory) for memory in assignment.memories)


def _feedback(feedback: Feedback | None) -> Iterator[str]:
    if feedback is None:
        return
    yield f"Your previous work came back ({feedback.kind.value})."
    yield as_data("feedback", feedback.summary)
    for remark in feedback.remarks:
        yield as_data("finding", _remark(remark))
    if feedback.output:
        yield "What the command printed:\n" + as_data("output", feedback.output)


def _remark(remark: Remark) -> str:
    place = f"{remark.path}:{remark.line}" if remark.line is not None else remark.path
    head = " ".join(word for word in (place, remark.severity) if word)
    return f"{head}: {remark.message}" if head else remark.message
