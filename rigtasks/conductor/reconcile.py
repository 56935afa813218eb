"""Read what GitHub lists and find where the rig is behind, whatever webhooks came.

Lists are read with entity tags: a list that did not change costs nothing of the hourly limit.
"""

from datetime import timedelta

import msgspec

from rigtasks.conductor.comparison import (
    Finding,
    Held,
    Labelled,
    Listed,
    MergedPull,
    OpenPull,
    compare,
)
from rigtasks.conductor.context import Conductor
from rigtasks.errors import Permanent, RigError, UnknownEffect
from rigtasks.eventstore.queries import IssueSummary
from rigtasks.eventstore.switches import RIG
from rigtasks.github.api import Api
from rigtasks.github.identities import RepositoryRef, Role
from rigtasks.github.installations import AppView
from rigtasks.github.issues import read_history, read_labelled_issues
from rigtasks.github.pulls import closed_by, read_all_open, read_merged_lately
from rigtasks.lifecycle.state import TERMINAL, Lane
from rigtasks.routing.internal import RepositoryRef as RoutedRepository

#: How long GitHub still has a delivery to send again.
REDELIVERABLE = timedelta(days=3)
#: In one go: GitHub wants a second between two writes, and the rest comes with the next period.
_MOST_REDELIVERIES = 20


class Redelivered(msgspec.Struct, frozen=True, kw_only=True):
    """How many lost deliveries GitHub was asked for, and how many it would not send."""

    asked: int = 0
    refused: int = 0


def watched_repositories(conductor: Conductor) -> tuple[RepositoryRef, ...]:
    """Return the repositories to look at: where the App is installed for those the rig works for.

    A personal token reaches whatever its owner does, so there it is those that sent a webhook or
    have an issue of the rig. The names of all of them are remembered for the hard rule.
    """
    view = conductor.github.app_view(Role.CONDUCTOR)
    known = conductor.stores.issues.repositories() if view is None else _installed(view)
    seen = [RoutedRepository(id=repo_id, full_name=name) for repo_id, name in sorted(known.items())]
    conductor.stores.repositories.see(seen)
    return tuple(
        RepositoryRef(id=one.id, full_name=one.full_name)
        for one in seen
        if conductor.intake.works_for(one)
    )


def _installed(view: AppView) -> dict[int, str]:
    return {
        one.id: one.full_name
        for installation in view.installations()
        for one in view.repositories(installation.id)
    }


def ask_for_lost_deliveries(conductor: Conductor) -> Redelivered:
    """Ask GitHub once for each delivery of the last days that never arrived.

    A personal token has no webhook of its own to ask about. While the rig is paused nothing is
    asked for; what is still lost afterwards is.

    Raises:
        RigError: the deliveries could not be listed.
    """
    view = conductor.github.app_view(Role.CONDUCTOR)
    if view is None:
        return Redelivered()
    lost = {one.guid: one for one in view.lost_deliveries(since=conductor.now() - REDELIVERABLE)}
    notes = conductor.stores.lost_deliveries
    asked = refused = 0
    for guid in sorted(notes.unknown(tuple(lost)))[:_MOST_REDELIVERIES]:
        if conductor.stores.switches.first_of((RIG,)) is not None:
            break
        one = lost[guid]
        if not notes.ask(guid, attempt_id=one.id, event=one.event):
            continue
        try:
            view.redeliver(one.id)
        except (UnknownEffect, Permanent):
            refused += 1
        except RigError:
            notes.not_asked(guid)
            raise
        else:
            asked += 1
    return Redelivered(asked=asked, refused=refused)


def find_repairs(conductor: Conductor, repository: RepositoryRef) -> tuple[Finding, ...]:
    """Compare one repository with what the rig holds of it.

    Raises:
        RigError: it could not be read; nothing is guessed instead.
    """
    api = conductor.repository_api(Role.CONDUCTOR, repository)
    numbers = tuple(one.number for one in read_labelled_issues(api, conductor.label))
    pulls, merged = read_all_open(api), read_merged_lately(api)
    # Read after GitHub's lists: what was taken in meanwhile is not missed but merely looked at.
    found = conductor.stores.issues.of_repository(repo_id=repository.id, numbers=numbers)
    known = {one.number for one in found}
    listed = Listed(
        repository=repository,
        label=conductor.label,
        labelled=tuple(
            _labelled(conductor, api, number, known=number in known) for number in numbers
        ),
        open_pulls=tuple(OpenPull(number=one.number, head_sha=one.head.sha) for one in pulls),
        merged_pulls=tuple(
            MergedPull(
                number=one.number,
                merged_at=one.merged_at,
                closes=closed_by(one, repository=repository.full_name),
            )
            for one in merged
            if one.merged_at is not None
        ),
    )
    return compare(listed, tuple(_held(conductor, one) for one in found))


def _labelled(conductor: Conductor, api: Api, number: int, *, known: bool) -> Labelled:
    """Ask when a label was set; for an issue nobody knows intake asks that itself."""
    if not known:
        return Labelled(number=number)
    label = read_history(api, number).label_in_force(conductor.label)
    return Labelled(number=number, labelled_at=label.created_at if label else None)


def _held(conductor: Conductor, one: IssueSummary) -> Held:
    state = None
    if Lane(one.lane) not in TERMINAL:
        state = conductor.stores.events.load(one.stream).state
    return Held(
        number=one.number,
        lane=Lane(one.lane),
        entered_at=one.entered_at,
        approved_at=state.approved_at if state else None,
        labelled_at=state.labelled_at if state else None,
        refused=state is not None and state.refusal_code is not None,
        pr=one.pr,
        head_sha=one.head_sha,
    )
