"""The canary: an issue that the rig files for itself, to see that the whole way works."""

from datetime import datetime

from rigtasks.conductor.canary_plan import CanaryPlan, Fate, fate_of
from rigtasks.conductor.context import Conductor
from rigtasks.conductor.reconcile import watched_repositories
from rigtasks.errors import Permanent
from rigtasks.eventstore.canaries import Canary
from rigtasks.eventstore.switches import RIG, repository_scope
from rigtasks.github.identities import RepositoryRef, Role
from rigtasks.github.issues import Unseen, look_for_known_issue, open_issue_once


def look_after_canary(conductor: Conductor) -> Fate:
    """File a canary when one is due, and see how the one under way fares.

    At most one is under way. One that is late is left for a person to look at, and no other is
    filed until it is merged, or closed on GitHub. What it was filed for is to be noticed as every
    other issue is, so nobody is told of it here.

    Raises:
        Permanent: the rig does not reach the repository.
        RigError: GitHub or the store could not be reached.
    """
    plan = conductor.canary
    if plan is None:
        return Fate(ended=None, late=False, words="off")
    under_way = conductor.stores.canaries.under_way()
    if under_way is not None:
        return _judge(conductor, plan, under_way)
    due = conductor.stores.canaries.due(period_seconds=plan.period)
    words = "none is due" if due is None else _file(conductor, plan, due)
    return Fate(ended=None, late=False, words=words)


def _judge(conductor: Conductor, plan: CanaryPlan, canary: Canary) -> Fate:
    known = conductor.stores.issues.newest(repo_id=canary.repo_id, number=canary.number)
    fate = fate_of(known, canary, conductor.now(), plan.limit)
    if known is None and _is_gone(conductor, plan, canary):
        fate = Fate(ended="withdrawn", late=False, words="was withdrawn before it was taken in")
    if fate.ended is not None:
        conductor.stores.canaries.end(canary, outcome=fate.ended)
    return fate


def _is_gone(conductor: Conductor, plan: CanaryPlan, canary: Canary) -> bool:
    """Say whether somebody closed a canary that the rig never took in."""
    ref = RepositoryRef(id=canary.repo_id, full_name=plan.repository)
    api = conductor.repository_api(Role.CONDUCTOR, ref)
    found = look_for_known_issue(api, canary.number, label=conductor.label)
    return not isinstance(found, Unseen) and found.state != "open"


def _file(conductor: Conductor, plan: CanaryPlan, due: datetime) -> str:
    """File the canary of a period, once, however often this is tried."""
    ref = _repository(conductor, plan)
    stopped = conductor.stores.switches.first_of((RIG, repository_scope(ref.id)))
    if stopped is not None:
        return f"not filed: {stopped.actor} paused {stopped.scope}"
    stamp = f"{due:%Y-%m-%dT%H:%M:%SZ}"
    issue = open_issue_once(
        conductor.repository_api(Role.CONDUCTOR, ref),
        key=f"canary:{stamp}",
        since=due,
        title=f"Canary of {stamp}",
        body=(
            f"Replace everything in `canary.txt` by this one line:\n\n    canary {stamp}\n\n"
            "The rig filed this issue to see whether it works, and alarms when it is not merged in "
            "time."
        ),
        label=conductor.label,
    )
    conductor.stores.canaries.filed(period_start=due, repo_id=ref.id, number=issue.number)
    return f"filed {ref.full_name}#{issue.number}"


def _repository(conductor: Conductor, plan: CanaryPlan) -> RepositoryRef:
    found = (one for one in watched_repositories(conductor) if plan.is_about(one.full_name))
    ref = next(found, None)
    if ref is None:
        raise Permanent(
            f"RIG_CANARY_REPOSITORY is {plan.repository}, which the rig does not reach: install "
            "its Apps there; with personal tokens, let it send a webhook first"
        )
    return ref
