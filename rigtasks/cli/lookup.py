"""Look up what a reference names, and say so where it names nothing or several things."""

from sqlalchemy import Connection

from rigtasks.cli.failures import NotFound
from rigtasks.cli.operated import OperatedRig
from rigtasks.cli.references import Names, Reference, parse_reference, parse_repository
from rigtasks.errors import Rejected
from rigtasks.lifecycle.state import IssueState
from webhook_receiver.reading import references
from webhook_receiver.reading.references import FoundIssue


def find_issue(rig: OperatedRig, text: str) -> FoundIssue:
    """Return the newest generation of the issue that a reference names.

    Raises:
        Rejected: the reference names nothing, or several issues.
        NotFound: the rig knows no such issue.
    """
    reference = parse_reference(text)
    with rig.reading.connect() as connection:
        found = _candidates(connection, reference)
    if not found:
        raise NotFound(
            f"the rig knows no issue {text}; it knows those that carried its label, and "
            "rig issue list shows them"
        )
    if len(found) > 1:
        names = ", ".join(one.ref for one in found)
        raise Rejected(f"{text} may mean {names}: name one of them", code="reference-ambiguous")
    return found[0]


def issue_state(rig: OperatedRig, found: FoundIssue) -> IssueState:
    """Return the state of an issue that was found.

    Raises:
        NotFound: its stream is empty.
    """
    state = rig.stores.events.load(found.stream).state
    if state is None:
        raise NotFound(f"the rig knows no issue {found.ref}")
    return state


def find_repository(rig: OperatedRig, text: str) -> int:
    """Return the id of a repository that the rig has seen an issue of.

    Raises:
        Rejected: it is no name, or was the name of several repositories.
        NotFound: the rig never saw an issue of it.
    """
    name = parse_repository(text)
    with rig.reading.connect() as connection:
        found = references.repository_ids(connection, name)
    if not found:
        raise NotFound(f"the rig has seen no issue of {name} yet, so it does not know its id")
    if len(found) > 1:
        ids = ", ".join(map(str, found))
        raise Rejected(
            f"{name} was the name of several repositories ({ids}); pause its issues instead",
            code="reference-ambiguous",
        )
    return found[0]


def _candidates(connection: Connection, reference: Reference) -> tuple[FoundIssue, ...]:
    repo, number = reference.repo or "", reference.number or 0
    match reference.names:
        case Names.ISSUE:
            return references.issue_of(connection, repo, number)
        case Names.PULL_REQUEST:
            return references.issues_of_pull_request(connection, repo, number)
        case Names.NUMBER:
            return references.issues_of_number(connection, number)
        case Names.RUN:
            by_run = references.issues_of_run(connection, reference.text)
            return by_run or references.issues_on_branch(connection, reference.text)
        case Names.BRANCH:
            return references.issues_on_branch(connection, reference.text)
