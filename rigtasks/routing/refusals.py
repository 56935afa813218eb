"""The reasons to refuse or ignore an issue that need nothing from the repository's own files.

Each looks at one thing; `REASONS` is their order. The hard rule comes before everything that
would have the rig work for the issue, trust before everything a stranger could trigger.
"""

from collections.abc import Callable

from rigtasks.routing.decisions import Ignore, RefusalCode, Refuse
from rigtasks.routing.facts import AccountType, IntakeFacts, IntakePolicy, StreamStanding
from rigtasks.routing.labels import READY, explain_not_ready, read_labels
from rigtasks.routing.sanitise import sanitise

Reason = Callable[[IntakeFacts, IntakePolicy], Refuse | Ignore | None]


def _stranger(facts: IntakeFacts, policy: IntakePolicy) -> Ignore | None:
    """A public App can be installed by anybody, who then has write permission at home."""
    if policy.works_for(facts.repository.ref):
        return None
    return Ignore(
        reason=f"{facts.repository.ref.full_name} belongs to nobody this rig works for: "
        "add its owner to RIG_OWNERS, or uninstall the App there"
    )


def _not_ready(facts: IntakeFacts, _: IntakePolicy) -> Ignore | None:
    labels = read_labels(facts.issue.labels)
    return None if labels.ready else Ignore(reason=explain_not_ready(labels))


def _rig_internal(facts: IntakeFacts, policy: IntakePolicy) -> Refuse | None:
    match = policy.internal.match(facts.repository.ref, facts.repository.ancestors)
    if match is None:
        return None
    return Refuse(
        code=RefusalCode.RIG_INTERNAL,
        sentence=f"agents never work in the rig's own repositories ({match.reason}): "
        f"remove the label `{READY}` and let a person do it",
        visible=not facts.repository.archived,
    )


def _under_way(facts: IntakeFacts, _: IntakePolicy) -> Ignore | None:
    stream = facts.stream
    if stream is None or stream.standing is not StreamStanding.LIVE:
        return None
    if stream.is_labelled_again(facts.issue.labelled_at):
        return None
    return Ignore(reason=f"already taken, {stream.state} in generation {stream.generation}")


def _archived(facts: IntakeFacts, _: IntakePolicy) -> Refuse | None:
    if not facts.repository.archived:
        return None
    return Refuse(
        code=RefusalCode.ARCHIVED,
        sentence="the repository is archived and takes no changes: unarchive it and label the "
        "issue again",
        visible=False,
    )


def _pull_request(facts: IntakeFacts, _: IntakePolicy) -> Refuse | None:
    if not facts.issue.is_pull_request:
        return None
    return Refuse(
        code=RefusalCode.IS_PULL_REQUEST,
        sentence=f"this is a pull request: put the label `{READY}` on the issue it closes",
    )


def _untrusted(facts: IntakeFacts, policy: IntakePolicy) -> Refuse | None:
    account = facts.issue.labelled_by
    if account is not None and account.id in policy.trusted_accounts:
        return None
    if account is None:
        reason = "the account that labelled it is gone"
    elif account.type is not AccountType.USER:
        reason = f"{account.login} is no person and not on the list of trusted accounts"
    elif not account.permission.may_write:
        reason = f"{account.login} has no write permission here"
    else:
        return None
    return Refuse(
        code=RefusalCode.UNTRUSTED,
        sentence=f"{reason}: somebody with write permission must remove the label `{READY}` and "
        "apply it again",
    )


def _closed(facts: IntakeFacts, _: IntakePolicy) -> Refuse | None:
    if facts.issue.is_open:
        return None
    return Refuse(
        code=RefusalCode.ALREADY_CLOSED,
        sentence=f"the issue is already closed: reopen it and label it `{READY}` again",
    )


def _edited(facts: IntakeFacts, _: IntakePolicy) -> Refuse | None:
    if not facts.issue.edited_after_label:
        return None
    return Refuse(
        code=RefusalCode.EDITED_AFTER_LABEL,
        sentence="the text was edited after the label was applied: read it, remove the label "
        f"`{READY}` and apply it again",
    )


def _empty(facts: IntakeFacts, _: IntakePolicy) -> Refuse | None:
    if sanitise(facts.issue.title).text or sanitise(facts.issue.body or "").text:
        return None
    return Refuse(
        code=RefusalCode.EMPTY_TASK,
        sentence=f"the issue holds no visible text: describe the task and label it `{READY}` again",
    )


def _solved(facts: IntakeFacts, _: IntakePolicy) -> Refuse | None:
    if not facts.merged_pull_requests:
        return None
    pull = facts.merged_pull_requests[0]
    return Refuse(
        code=RefusalCode.ALREADY_SOLVED,
        sentence=f"already solved by the merged pull request #{pull.number} of {pull.author}: "
        "close the issue, or open a new one for what is left",
    )


def _open_pull_request(facts: IntakeFacts, _: IntakePolicy) -> Refuse | None:
    if not facts.open_pull_requests or any(pull.ours for pull in facts.open_pull_requests):
        return None
    pull = facts.open_pull_requests[0]
    return Refuse(
        code=RefusalCode.OPEN_PULL_REQUEST,
        sentence=f"pull request #{pull.number} of {pull.author} is open for this issue: "
        f"merge it, or close it and label the issue `{READY}` again",
    )


REASONS: tuple[Reason, ...] = (
    _stranger,
    _not_ready,
    _rig_internal,
    _under_way,
    _archived,
    _pull_request,
    _untrusted,
    _closed,
    _edited,
    _empty,
    _solved,
    _open_pull_request,
)
