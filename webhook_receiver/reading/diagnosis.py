"""Judge whether everything that has to run does. Pure: vital signs in, one check for each out."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

import msgspec

from webhook_receiver.reading.agreement import Agreed, differences

#: A job that has not succeeded for so many of its periods is stale; short ones get a minute.
STALE_PERIODS = 3
_SHORTEST_STALE = 60.0
_SILENT_SECONDS = 60.0
#: Entries of the outbox that nobody has tried for so long, or so many of them, are too many.
_WAITING_SECONDS, _WARNING_SECONDS, _MANY_ENTRIES = 300.0, 60.0, 1_000
_STARTING_SECONDS = 60.0


class Level(StrEnum):
    """How bad it is; an alarm is something that does not get better by itself."""

    OK = "ok"
    WARNING = "warning"
    ALARM = "alarm"


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """One check: what was seen, and what to do.

    `critical` says that an alarm of it means that no webhook is accepted. What was accepted is not
    lost by any other alarm: it waits.
    """

    name: str
    level: Level
    detail: str
    remedy: str = ""
    critical: bool = False


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """What a service said of itself, and how long ago."""

    ok: bool
    detail: str
    age: float


class QueueSigns(msgspec.Struct, frozen=True, kw_only=True):
    """One agent queue.

    Args:
        name: of the queue.
        claimable: issues that a worker could claim.
        oldest: seconds that the first of them has waited.
        silent: seconds since a worker of it was seen, None where none is known.
    """

    name: str
    claimable: int
    oldest: float
    silent: float | None


class CanarySigns(msgspec.Struct, frozen=True, kw_only=True):
    """The issue that the rig filed for itself.

    Args:
        waiting: seconds that the one under way has taken so far, None where none is.
        number: of that one.
        merged: seconds since the last one was merged, None where none ever was.
    """

    waiting: float | None
    number: int | None
    merged: float | None


class VitalSigns(msgspec.Struct, frozen=True, kw_only=True):
    """What the store says about everything that runs; ages in seconds by the database's clock.

    Args:
        services: by name, as far as they ever reported.
        watchers: seconds since the last success, by name.
        running: seconds since the rig was first seen at work, which a new one needs to begin.
        conductor_silent: seconds since a conductor was seen, None where none is known.
        waiting: open entries of the outbox that nobody has tried.
        oldest_waiting: seconds that the first of them has waited.
        dead: entries that were given up.
        queues: those with something to claim.
        oldest_review: seconds that the first pull request waits for somebody to review it.
        oldest_merge: seconds that the first approved pull request waits for its merge.
        versions: of the processes seen lately.
        agreed: what processes seen lately were told, one for each.
        closed_windows: seconds until GitHub may be asked again, by identity.
        closed_providers: seconds until agents may be started again, by provider.
        lost_deliveries: webhooks of the last day that never arrived at first.
        quarantined: deliveries of the last day that were given up.
        paused: what a person has stopped.
        red_bases: repositories whose base branch is red since a merge of the rig.
        canary: how the last one fared.
    """

    services: Mapping[str, Service]
    watchers: Mapping[str, float]
    running: float
    conductor_silent: float | None
    waiting: int
    oldest_waiting: float
    dead: int
    queues: tuple[QueueSigns, ...]
    oldest_review: float
    oldest_merge: float
    versions: tuple[str, ...]
    agreed: tuple[Agreed, ...]
    closed_windows: Mapping[str, float]
    closed_providers: Mapping[str, float]
    lost_deliveries: int
    quarantined: int
    paused: tuple[str, ...]
    red_bases: tuple[str, ...]
    canary: CanarySigns


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What has to happen how often, in seconds as they pass.

    Args:
        periods: of each watcher, by name.
        tick: between two of Beat's rings.
        worker: between two signs of life of an idle worker.
        review: until somebody takes a review.
        merge: until an approved pull request is merged.
        canary: until the canary is merged, None where there is none.
    """

    periods: Mapping[str, float]
    tick: float
    worker: float
    review: float
    merge: float
    canary: float | None


def diagnose(
    signs: VitalSigns, expected: Expected, *, shows_settings: bool = False
) -> tuple[Diagnosis, ...]:
    """Return every check, in the order in which one depends on another.

    Args:
        signs: what the store says.
        expected: what has to happen.
        shows_settings: whether settings are told with their values, and not by name alone.
    """
    return (
        _service("redis", signs, _SILENT_SECONDS, "start Redis; nothing was lost"),
        _service("relay", signs, _SILENT_SECONDS, "start one: rig serve relay"),
        _conductor(signs, expected),
        _service("beat", signs, _patience(expected.tick), _BEAT),
        *_jobs(signs, expected),
        _outbox(signs),
        _dead(signs),
        *_queues(signs, expected),
        _late("reviews", signs.oldest_review, expected.review, _REVIEW),
        _late("merges", signs.oldest_merge, expected.merge, _MERGE),
        _base_branches(signs),
        _canary(signs, expected),
        _versions(signs),
        _settings(signs, shown=shows_settings),
        _github(signs),
        _providers(signs),
        _lost(signs),
        _quarantined(signs),
        _paused(signs),
    )


_BEAT = "start one: celery -A rigtasks beat; until then the relay runs the sweeps"
_REVIEW = "start a worker of review-e, or review it: rig issue list --state in_review"
_MERGE = "rig issue list --state ready_to_merge, then rig issue explain names what it waits for"
_CONDUCTOR = "start one: celery -A rigtasks worker -Q conductor"


def _patience(period: float) -> float:
    return max(STALE_PERIODS * period, _SHORTEST_STALE)


def _service(name: str, signs: VitalSigns, patience: float, remedy: str) -> Diagnosis:
    said = signs.services.get(name)
    if said is None:
        level = Level.WARNING if signs.running < _STARTING_SECONDS else Level.ALARM
        detail = "has never reported"
    elif said.age > patience:
        level, detail = Level.ALARM, f"silent for {_age(said.age)}"
    else:
        level, detail = Level.OK if said.ok else Level.ALARM, said.detail
    return Diagnosis(
        name=name,
        level=level,
        detail=detail,
        remedy="" if level is Level.OK else remedy,
    )


def _conductor(signs: VitalSigns, expected: Expected) -> Diagnosis:
    silent = signs.conductor_silent
    if silent is not None and silent <= _patience(expected.tick):
        detail = f"seen {_age(silent)} ago"
        return Diagnosis(name="conductor", level=Level.OK, detail=detail)
    starting = silent is None and signs.running < _STARTING_SECONDS
    rung = signs.services.get("beat")
    unrung = rung is None or rung.age > _patience(expected.tick)
    if silent is not None and unrung:
        words = f"was seen {_age(silent)} ago, when Beat last rang"
        return Diagnosis(name="conductor", level=Level.WARNING, detail=words, remedy=_BEAT)
    return Diagnosis(
        name="conductor",
        level=Level.WARNING if starting else Level.ALARM,
        detail="was never seen" if silent is None else f"silent for {_age(silent)}",
        remedy=_CONDUCTOR,
    )


def _jobs(signs: VitalSigns, expected: Expected) -> Iterator[Diagnosis]:
    for job, period in expected.periods.items():
        name, patience = f"job {job}", _patience(period)
        age = signs.watchers.get(job)
        remedy = "read the conductor's log for its error: rig outbox list shows what waits"
        if age is not None:
            level = Level.OK if age <= patience else Level.ALARM
            detail = f"succeeded {_age(age)} ago, is due every {_age(period)}"
        else:
            level = Level.WARNING if signs.running <= patience else Level.ALARM
            detail = f"has not succeeded yet, is due every {_age(period)}"
        yield Diagnosis(
            name=name,
            level=level,
            detail=detail,
            remedy="" if level is Level.OK else remedy,
        )


def _outbox(signs: VitalSigns) -> Diagnosis:
    detail = f"{signs.waiting} entries wait, the first for {_age(signs.oldest_waiting)}"
    level = Level.OK
    if signs.oldest_waiting > _WAITING_SECONDS or signs.waiting > _MANY_ENTRIES:
        level = Level.ALARM
    elif signs.oldest_waiting > _WARNING_SECONDS:
        level = Level.WARNING
    remedy = "start more conductors, and look whether the relay publishes: rig outbox list"
    return Diagnosis(
        name="outbox",
        level=level,
        detail=detail,
        remedy="" if level is Level.OK else remedy,
    )


def _dead(signs: VitalSigns) -> Diagnosis:
    remedy = "read why: rig outbox list --dead; the issues they belong to call a person"
    return _counted("given up", signs.dead, "entries were given up", remedy)


def _queues(signs: VitalSigns, expected: Expected) -> Iterator[Diagnosis]:
    for queue in signs.queues:
        name, patience = f"queue {queue.name}", _patience(expected.worker)
        waits = f"{queue.claimable} to claim, the first waits for {_age(queue.oldest)}"
        if queue.silent is not None and queue.silent <= patience:
            yield Diagnosis(name=name, level=Level.OK, detail=waits)
            continue
        seen = "no worker was ever seen"
        if queue.silent is not None:
            seen = f"its last worker was seen {_age(queue.silent)} ago"
        yield Diagnosis(
            name=name,
            level=Level.ALARM if queue.oldest > _SILENT_SECONDS else Level.WARNING,
            detail=f"nobody reads it: {waits}; {seen}",
            remedy=f"start one: celery -A rigtasks worker -Q {queue.name}",
        )


def _late(name: str, oldest: float, patience: float, remedy: str) -> Diagnosis:
    late = oldest > patience
    return Diagnosis(
        name=name,
        level=Level.WARNING if late else Level.OK,
        detail=f"the first waits for {_age(oldest)}" if oldest > 0 else "none waits",
        remedy=remedy if late else "",
    )


def _base_branches(signs: VitalSigns) -> Diagnosis:
    red = ", ".join(signs.red_bases)
    return Diagnosis(
        name="base branches",
        level=Level.ALARM if red else Level.OK,
        detail=f"red since a merge of the rig: {red}" if red else "none is red by a merge",
        remedy="revert the merge, or open an issue for the repair" if red else "",
    )


def _canary(signs: VitalSigns, expected: Expected) -> Diagnosis:
    if expected.canary is None:
        return Diagnosis(name="canary", level=Level.OK, detail="off: no repository is set for it")
    found = signs.canary
    merged = "none was merged yet"
    if found.merged is not None:
        merged = f"the last was merged {_age(found.merged)} ago"
    if found.waiting is None:
        return Diagnosis(name="canary", level=Level.OK, detail=f"none is under way; {merged}")
    late = found.waiting > expected.canary
    return Diagnosis(
        name="canary",
        level=Level.ALARM if late else Level.OK,
        detail=f"#{found.number} is under way for {_age(found.waiting)}; {merged}",
        remedy="look where it stands: rig issue list; close it, and the next one is filed"
        if late
        else "",
    )


def _versions(signs: VitalSigns) -> Diagnosis:
    skewed = len(signs.versions) > 1
    return Diagnosis(
        name="versions",
        level=Level.ALARM if skewed else Level.OK,
        detail=", ".join(signs.versions) or "no process was seen lately",
        remedy="let all processes run one version" if skewed else "",
    )


def _settings(signs: VitalSigns, *, shown: bool) -> Diagnosis:
    differing = differences(signs.agreed)
    if not differing:
        detail = "all processes seen lately were told the same"
        return Diagnosis(name="settings", level=Level.OK, detail=detail)
    names = ", ".join(one.setting for one in differing)
    return Diagnosis(
        name="settings",
        level=Level.ALARM,
        detail="; ".join(one.told(shown=shown) for one in differing),
        remedy=f"start all of them with the same {names}; a stopped one counts for ten minutes"
        + ("" if shown else "; rig doctor shows what each has"),
    )


def _github(signs: VitalSigns) -> Diagnosis:
    if not signs.closed_windows:
        return Diagnosis(name="github limits", level=Level.OK, detail="no window is closed")
    shown = ", ".join(
        f"{identity} for {_age(seconds)}" for identity, seconds in signs.closed_windows.items()
    )
    return Diagnosis(
        name="github limits",
        level=Level.WARNING,
        detail=f"GitHub asked for a pause: {shown}",
        remedy="nothing: no call is made until then, and everything goes on afterwards",
    )


def _providers(signs: VitalSigns) -> Diagnosis:
    if not signs.closed_providers:
        return Diagnosis(name="providers", level=Level.OK, detail="none refuses")
    shown = ", ".join(
        f"{provider} for {_age(seconds)}" for provider, seconds in signs.closed_providers.items()
    )
    return Diagnosis(
        name="providers",
        level=Level.WARNING,
        detail=f"no agent is started: {shown}",
        remedy="a quota or an outage passes; where the key was refused, set another one",
    )


def _lost(signs: VitalSigns) -> Diagnosis:
    remedy = "look whether GitHub reaches the receiver: Recent deliveries of the App"
    return _counted("lost webhooks", signs.lost_deliveries, "did not arrive in a day", remedy)


def _quarantined(signs: VitalSigns) -> Diagnosis:
    remedy = "read why: rig deliveries; when that is cured, set the label again"
    return _counted("deliveries", signs.quarantined, "were given up in a day", remedy)


def _paused(signs: VitalSigns) -> Diagnosis:
    return Diagnosis(
        name="pauses",
        level=Level.WARNING if signs.paused else Level.OK,
        detail=", ".join(signs.paused) or "nothing is paused",
        remedy="a person lifts them: rig resume" if signs.paused else "",
    )


def _counted(name: str, count: int, words: str, remedy: str) -> Diagnosis:
    return Diagnosis(
        name=name,
        level=Level.WARNING if count else Level.OK,
        detail=f"{count} {words}",
        remedy=remedy if count else "",
    )


def _age(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def worst(levels: Iterable[Level]) -> Level:
    """Return the worst level, ok where there is none."""
    order = tuple(Level)
    return max(levels, key=order.index, default=Level.OK)
