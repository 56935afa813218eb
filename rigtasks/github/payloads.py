"""Turn the bytes of a webhook delivery into one `WebhookFact`.

Parsing is tolerant: only the fields in use are read, events and actions without a use become
`Unrelated`. Whatever cannot be read at all is `Rejected` with a code.
"""

import re
from collections.abc import Callable
from typing import Any, TypedDict

import msgspec

from rigtasks.errors import Rejected
from rigtasks.github import webhook_shapes as shapes
from rigtasks.github.webhook_facts import (
    Actor,
    HeadFact,
    InstallationFact,
    IssueCommentFact,
    IssueFact,
    PingFact,
    PullRequestFact,
    PushFact,
    Repository,
    RepositoryFact,
    Unrelated,
    WebhookFact,
)

_MERGE_GROUP_NUMBER = re.compile(r"/pr-(\d{1,9})-[0-9a-f]+\Z")
_LONGEST_NAME = 60
#: How msgspec begins to say that a whole document is something else; a number may be too large.
_NO_OBJECT = ("Expected `object`", "Number out of range")


class _Shared(TypedDict):
    event: str
    action: str | None
    sender: Actor | None
    installation_id: int | None


def parse_delivery(event: str, body: bytes) -> WebhookFact:
    """Read one delivery.

    Args:
        event: the value of `X-GitHub-Event`.
        body: the JSON document GitHub sent.

    Raises:
        Rejected: `invalid-json`, `not-an-object`, `too-deep`, `payload-shape` or
            `repository-missing`.
    """
    reaction = _REACTIONS.get(event)
    if reaction is None:
        _decode(_ANY_OBJECT, body)
        return _unrelated(event, None, f"ignored: no use for the event {_shown(event)}")
    shape, actions, build = reaction
    delivery: shapes.Envelope = _decode(shape, body)
    if actions is not None and delivery.action not in actions:
        action = _shown(delivery.action or "(none)")
        words = f"ignored: no use for {event} with the action {action}"
        return _unrelated(event, delivery, words)
    return build(event, delivery)


def _decode(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    try:
        if not body.isascii():
            body.decode()  # the decoder does not look into what it skips
        return decoder.decode(body)
    except RecursionError:
        # Not chained: the traceback of a hundred thousand brackets helps nobody.
        raise Rejected("The JSON is nested too deeply.", code="too-deep") from None
    except msgspec.ValidationError as error:
        if str(error).startswith(_NO_OBJECT) and " - at " not in str(error):
            raise Rejected("The payload must be a JSON object.", code="not-an-object") from error
        raise Rejected(f"The payload has another shape: {error}", code="payload-shape") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Rejected(f"The payload is not valid JSON: {error}", code="invalid-json") from error


def _shown(name: str) -> str:
    """Make a name sent by a stranger fit for a line of text."""
    printable = "".join(letter if letter.isprintable() else "?" for letter in name)
    return printable if len(printable) <= _LONGEST_NAME else printable[:_LONGEST_NAME] + "…"


def _text(value: str) -> str:
    """Replace the NUL that PostgreSQL can store neither as text nor in jsonb."""
    return value.replace("\x00", "�")


def _repository(raw: shapes.RawRepository) -> Repository:
    branch = raw.default_branch
    return Repository(
        id=raw.id,
        full_name=_text(raw.full_name),
        default_branch=None if branch is None else _text(branch),
    )


def _required(delivery: shapes.Envelope, event: str) -> Repository:
    if delivery.repository is None:
        raise Rejected(
            f"The {event} delivery names no repository; subscribe a repository or App hook.",
            code="repository-missing",
        )
    return _repository(delivery.repository)


def _shared(event: str, delivery: shapes.Envelope) -> _Shared:
    sender = delivery.sender
    return {
        "event": event,
        "action": None if delivery.action is None else _text(delivery.action),
        "sender": None
        if sender is None
        else Actor(id=sender.id, login=_text(sender.login), type=_text(sender.type)),
        "installation_id": delivery.installation.id if delivery.installation else None,
    }


def _unrelated(event: str, delivery: shapes.Envelope | None, outcome: str) -> Unrelated:
    known = delivery or shapes.Envelope()
    shared = _shared(event, known)
    repository = known.repository
    return Unrelated(
        **shared,
        occurrence="",
        outcome=outcome,
        repository=None if repository is None else _repository(repository),
    )


def _issue(event: str, delivery: shapes.IssuesDelivery) -> WebhookFact:
    issue, label = delivery.issue, delivery.label
    if issue.pull_request is not None:
        return _unrelated(event, delivery, "ignored: the issue is a pull request")
    named = _text(label.name) if label else None
    return IssueFact(
        **_shared(event, delivery),
        occurrence=f"{issue.updated_at or '-'}:{named or '-'}",
        repository=_required(delivery, event),
        number=issue.number,
        title=_text(issue.title),
        body=None if issue.body is None else _text(issue.body),
        state=issue.state,
        labels=tuple(_text(each.name) for each in issue.labels),
        label=named,
        updated_at=issue.updated_at,
    )


def _issue_comment(event: str, delivery: shapes.IssueCommentDelivery) -> WebhookFact:
    comment = delivery.comment
    return IssueCommentFact(
        **_shared(event, delivery),
        occurrence=f"{comment.id}:{comment.updated_at or '-'}",
        repository=_required(delivery, event),
        number=delivery.issue.number,
        is_pull_request=delivery.issue.pull_request is not None,
        comment_id=comment.id,
    )


def _pull_request(
    event: str,
    delivery: shapes.PullRequestDelivery | shapes.ReviewDelivery | shapes.ThreadDelivery,
) -> WebhookFact:
    pull, label = delivery.pull_request, None
    match delivery:
        case shapes.PullRequestDelivery():
            label = _text(delivery.label.name) if delivery.label else None
            occurrence = f"{pull.updated_at or '-'}:{pull.head.sha}:{label or '-'}"
        case shapes.ReviewDelivery():
            review = delivery.review
            when = review.updated_at or review.submitted_at or pull.updated_at or "-"
            occurrence = f"{review.id}:{review.state}:{when}"
        case shapes.ThreadDelivery():
            occurrence = f"{delivery.thread.node_id}:{pull.updated_at or '-'}"
    return PullRequestFact(
        **_shared(event, delivery),
        occurrence=_text(occurrence),
        repository=_required(delivery, event),
        number=pull.number,
        head_sha=pull.head.sha,
        head_ref=_text(pull.head.ref),
        base_ref=_text(pull.base.ref),
        state=pull.state,
        merged=bool(pull.merged) or pull.merged_at is not None,
        label=label,
    )


def _check(
    event: str, delivery: shapes.CheckRunDelivery | shapes.CheckSuiteDelivery
) -> WebhookFact:
    run = isinstance(delivery, shapes.CheckRunDelivery)
    check = delivery.check_run if run else delivery.check_suite  # type: ignore[union-attr]
    repository = _required(delivery, event)
    when = check.completed_at or check.updated_at or check.started_at or "-"
    return HeadFact(
        **_shared(event, delivery),
        occurrence=f"{check.id}:{check.status or '-'}:{check.conclusion or '-'}:{when}",
        repository=repository,
        head_sha=check.head_sha,
        pull_requests=tuple(
            linked.number
            for linked in check.pull_requests or ()
            if linked.base and linked.base.repo and linked.base.repo.id == repository.id
        ),
        check=check.name if run else None,
    )


def _status(event: str, delivery: shapes.StatusDelivery) -> WebhookFact:
    return HeadFact(
        **_shared(event, delivery),
        occurrence=f"{delivery.id}:{delivery.state}",
        repository=_required(delivery, event),
        head_sha=delivery.sha,
        pull_requests=(),
    )


def _merge_group(event: str, delivery: shapes.MergeGroupDelivery) -> WebhookFact:
    if delivery.repository is None:  # GitHub documents it as optional for this event alone
        return _unrelated(event, delivery, "ignored: the merge group names no repository")
    group = delivery.merge_group
    number = _MERGE_GROUP_NUMBER.search(group.head_ref)
    return HeadFact(
        **_shared(event, delivery),
        occurrence=_text(group.head_ref),
        repository=_required(delivery, event),
        head_sha=group.head_sha,
        pull_requests=(int(number.group(1)),) if number else (),
    )


def _push(event: str, delivery: shapes.PushDelivery) -> WebhookFact:
    return PushFact(
        **_shared(event, delivery),
        occurrence=f"{delivery.before}..{delivery.after}",
        repository=_required(delivery, event),
        ref=_text(delivery.ref),
        before=delivery.before,
        after=delivery.after,
        deleted=delivery.deleted,
    )


def _repository_event(event: str, delivery: shapes.RepositoryDelivery) -> WebhookFact:
    repository = _required(delivery, event)
    return RepositoryFact(
        **_shared(event, delivery),
        occurrence=repository.full_name,
        repository=repository,
        former_name=_former_name(repository.full_name, delivery.changes),
    )


def _former_name(full_name: str, changes: shapes.RawRepositoryChanges | None) -> str | None:
    """Return the full name before a rename or a transfer; each changes one half of it."""
    owner, _, name = full_name.partition("/")
    if changes is None:
        return None
    if changes.repository is not None and changes.repository.name is not None:
        return f"{owner}/{changes.repository.name.former}"
    if changes.owner is not None:
        before = changes.owner.former.user or changes.owner.former.organization
        return None if before is None else f"{before.login}/{name}"
    return None


def _installation(event: str, delivery: shapes.InstallationDelivery) -> WebhookFact:
    lists = (delivery.repositories, delivery.repositories_added, delivery.repositories_removed)
    named = tuple(_repository(raw) for each in lists for raw in each or ())
    return InstallationFact(
        **_shared(event, delivery),
        occurrence=",".join(str(repository.id) for repository in named) or "-",
        repositories=named,
    )


def _ping(event: str, delivery: shapes.PingDelivery) -> WebhookFact:
    return PingFact(**_shared(event, delivery), occurrence="", hook_id=delivery.hook_id)


_ANY_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_Reaction = tuple[
    msgspec.json.Decoder[Any], frozenset[str] | None, Callable[[str, Any], WebhookFact]
]


def _on(
    shape: type[shapes.Envelope],
    build: Callable[[str, Any], WebhookFact],
    actions: str | None = None,
) -> _Reaction:
    named = None if actions is None else frozenset(actions.split())
    return msgspec.json.Decoder(shape), named, build


_REACTIONS: dict[str, _Reaction] = {
    "issues": _on(
        shapes.IssuesDelivery,
        _issue,
        "opened edited labeled unlabeled closed reopened deleted transferred",
    ),
    "issue_comment": _on(shapes.IssueCommentDelivery, _issue_comment, "created edited deleted"),
    "pull_request": _on(
        shapes.PullRequestDelivery,
        _pull_request,
        "opened edited labeled unlabeled closed reopened synchronize converted_to_draft"
        " ready_for_review auto_merge_enabled auto_merge_disabled enqueued dequeued",
    ),
    "pull_request_review": _on(shapes.ReviewDelivery, _pull_request, "submitted edited dismissed"),
    "pull_request_review_thread": _on(shapes.ThreadDelivery, _pull_request, "resolved unresolved"),
    "check_run": _on(shapes.CheckRunDelivery, _check, "created completed rerequested"),
    "check_suite": _on(shapes.CheckSuiteDelivery, _check, "requested completed rerequested"),
    "status": _on(shapes.StatusDelivery, _status),
    "merge_group": _on(shapes.MergeGroupDelivery, _merge_group, "checks_requested destroyed"),
    "push": _on(shapes.PushDelivery, _push),
    "repository": _on(
        shapes.RepositoryDelivery,
        _repository_event,
        "archived unarchived deleted edited renamed transferred publicized privatized",
    ),
    "installation": _on(
        shapes.InstallationDelivery,
        _installation,
        "created deleted suspend unsuspend new_permissions_accepted",
    ),
    "installation_repositories": _on(shapes.InstallationDelivery, _installation, "added removed"),
    "ping": _on(shapes.PingDelivery, _ping),
}
