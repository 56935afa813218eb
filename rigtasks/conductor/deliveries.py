"""Work on one webhook delivery: look at what it hints at, and write its outcome in words."""

from uuid import UUID, uuid5

from rigtasks.conductor.attend import attend
from rigtasks.conductor.attention import Attention, Matter, attention
from rigtasks.conductor.bots import note_bot
from rigtasks.conductor.context import Conductor
from rigtasks.conductor.intake import take_in
from rigtasks.conductor.seen_repositories import note_repositories
from rigtasks.conductor.solved import refuse_solved
from rigtasks.conductor.withdrawal import Wish, cancel_withdrawn
from rigtasks.errors import Rejected
from rigtasks.eventstore.deliveries import Delivery, DeliveryStatus
from rigtasks.eventstore.queries import IssueSummary
from rigtasks.github.errors import LAGGING_TRIES, NotFound
from rigtasks.github.identities import RepositoryRef, Role
from rigtasks.github.payloads import parse_delivery
from rigtasks.github.tokens import NotInstalled

_CAUSES = UUID("8d3c6a4e-5f0a-4a6f-b0a5-7a0e6c1f2b94")
_QUIET = ("ignored", "noted")


def work_on_delivery(conductor: Conductor, delivery_id: str) -> str:
    """Look at what a delivery hints at and settle it with an outcome; settled ones stay so.

    An issue that GitHub does not show, however often it is looked for, was deleted or moved away:
    that is an outcome, not a failure.

    Raises:
        RigError: GitHub or the store could not be read; the delivery stays pending.
    """
    delivery = conductor.stores.deliveries.get(delivery_id)
    if delivery is None or delivery.status is not DeliveryStatus.PENDING:
        return "ignored: settled already"
    try:
        outcome = _outcome(conductor, delivery)
    except Rejected as error:
        conductor.stores.deliveries.settle(
            delivery_id, DeliveryStatus.QUARANTINED, f"refused: {error}"
        )
        return f"refused: {error}"
    except NotFound as error:
        if not _issue_is_absent(error, delivery):
            raise
        outcome = f"ignored: GitHub does not show the issue: {error}"
    status = DeliveryStatus.IGNORED if outcome.startswith(_QUIET) else DeliveryStatus.DONE
    conductor.stores.deliveries.settle(delivery_id, status, outcome)
    return outcome


def _issue_is_absent(error: NotFound, delivery: Delivery) -> bool:
    """Say whether it is the issue itself that is not there, GitHub having had time to show it."""
    looked_enough = error.is_gone or delivery.attempts + 1 >= LAGGING_TRIES
    issue, asked = f"/issues/{delivery.number}/", f"{error.refusal.path}/"
    return looked_enough and issue in asked


def note_failure(conductor: Conductor, delivery_id: str, error: str, *, final: bool) -> None:
    """Write down that looking at a delivery failed; after the last try that is its outcome."""
    deliveries = conductor.stores.deliveries
    if final:
        deliveries.settle(delivery_id, DeliveryStatus.QUARANTINED, f"given up: {error}")
    else:
        deliveries.failed(delivery_id, error=error)


def _outcome(conductor: Conductor, delivery: Delivery) -> str:
    if delivery.payload is None:
        return "ignored: its payload was dropped after its retention"
    fact = parse_delivery(delivery.event, delivery.payload)
    note_repositories(conductor, fact)
    note_bot(conductor, delivery.delivery_id, fact)
    cause = uuid5(_CAUSES, delivery.delivery_id)
    found = [look_at(conductor, one, cause) for one in attention(fact, conductor.label)]
    return "; ".join(dict.fromkeys(found))


def look_at(conductor: Conductor, one: Attention, cause: UUID) -> str:
    """Look at one thing on GitHub, act on what it shows, and return the outcome in words."""
    repository = RepositoryRef(id=one.repo_id, full_name=one.repo)
    match one.matter:
        case Matter.NOTHING:
            return one.outcome
        case Matter.INTAKE:
            return _take_in(conductor, repository, one.number, cause)
        case Matter.WITHDRAWAL | Matter.STOP_LABEL:
            return _withdraw(conductor, repository, one, cause)
        case Matter.PULL_REQUEST:
            known = conductor.stores.issues.by_pull_request(repo_id=one.repo_id, pr=one.number)
            return _attend(conductor, (known,) if known else (), cause)
        case Matter.HEAD:
            at_head = conductor.stores.issues.by_head(repo_id=one.repo_id, head_sha=one.head_sha)
            return _attend(conductor, at_head, cause)
        case Matter.SOLVED:
            return refuse_solved(conductor, repository, one.number, cause=cause)


def _attend(conductor: Conductor, issues: tuple[IssueSummary, ...], cause: UUID) -> str:
    if not issues:
        return "ignored: no pull request of the rig"
    return "; ".join(attend(conductor, issue.stream, cause=cause) for issue in issues)


def _take_in(conductor: Conductor, repository: RepositoryRef, number: int, cause: UUID) -> str:
    """Take an issue in, unless the repository is that of a stranger: anybody can install an App."""
    try:
        return take_in(conductor, repository, number, cause=cause)
    except NotInstalled as error:
        if error.identity != Role.CONDUCTOR.value:
            raise
        return f"ignored: {error}"


def _withdraw(conductor: Conductor, repository: RepositoryRef, one: Attention, cause: UUID) -> str:
    """Cancel an issue that a person withdrew, or stop it; what its own merge closed is neither."""
    known = conductor.stores.issues.newest(repo_id=repository.id, number=one.number)
    if known is None:
        return "ignored: the rig does not work on this issue"
    if one.matter is Matter.STOP_LABEL and known.pr is not None:
        return attend(conductor, known.stream, cause=cause)
    wish, words = cancel_withdrawn(
        conductor, known.stream, cause=cause, by=one.by, is_gone=one.is_gone
    )
    match wish:
        case Wish.MERGED:
            return attend(conductor, known.stream, cause=cause)
        case Wish.WITHDRAWN:
            return f"cancelled: {words}"
        case Wish.WANTED | Wish.ENDED | Wish.UNKNOWN:
            return f"ignored: {words}"
