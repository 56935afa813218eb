"""Every part that stops is an alarm of its own, with what to do; a healthy rig has none."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from webhook_receiver.reading.agreement import Agreed
from webhook_receiver.reading.diagnosis import (
    CanarySigns,
    Diagnosis,
    Expected,
    Level,
    QueueSigns,
    Service,
    VitalSigns,
    diagnose,
    worst,
)

EXPECTED = Expected(
    periods={"wake_ups": 10.0, "reconcile": 300.0, "retention": 3600.0},
    tick=10.0,
    worker=120.0,
    review=1200.0,
    merge=900.0,
    canary=1800.0,
)
FINE = Service(ok=True, detail="works", age=2.0)
HEALTHY = VitalSigns(
    services={"redis": FINE, "relay": FINE, "beat": FINE},
    watchers={"wake_ups": 8.0, "reconcile": 200.0, "retention": 3000.0},
    running=100_000.0,
    conductor_silent=3.0,
    waiting=2,
    oldest_waiting=1.0,
    dead=0,
    queues=(QueueSigns(name="dev-e-python", claimable=3, oldest=900.0, silent=4.0),),
    oldest_review=600.0,
    oldest_merge=0.0,
    versions=("0.1.0",),
    agreed=(),
    closed_windows={},
    closed_providers={},
    lost_deliveries=0,
    quarantined=0,
    paused=(),
    red_bases=(),
    canary=CanarySigns(waiting=None, number=None, merged=600.0),
)


def told(signs: VitalSigns, name: str) -> Diagnosis:
    return next(one for one in diagnose(signs, EXPECTED) if one.name == name)


def services(**changed: Service | None) -> Mapping[str, Service]:
    known: dict[str, Service | None] = {**HEALTHY.services, **changed}
    return {name: one for name, one in known.items() if one is not None}


def test_a_healthy_rig_has_no_warning() -> None:
    assert {one.level for one in diagnose(HEALTHY, EXPECTED)} == {Level.OK}
    assert all(one.remedy == "" for one in diagnose(HEALTHY, EXPECTED))


@pytest.mark.parametrize("name", ["redis", "relay", "beat"])
@pytest.mark.parametrize(
    "said",
    [None, Service(ok=True, detail="works", age=61.0), Service(ok=False, detail="no", age=1.0)],
)
def test_a_service_that_stopped_is_an_alarm(name: str, said: Service | None) -> None:
    signs = replace(HEALTHY, services=services(**{name: said}))

    found = told(signs, name)

    assert found.level is Level.ALARM
    assert found.remedy


def test_a_stopped_beat_is_named_and_not_the_conductor_that_it_rings() -> None:
    signs = replace(
        HEALTHY, services=services(beat=replace(FINE, age=600.0)), conductor_silent=600.0
    )

    assert told(signs, "beat").level is Level.ALARM
    assert told(signs, "conductor").level is Level.WARNING


@pytest.mark.parametrize("silent", [None, 61.0])
def test_a_conductor_that_stopped_is_an_alarm(silent: float | None) -> None:
    assert told(replace(HEALTHY, conductor_silent=silent), "conductor").level is Level.ALARM


@pytest.mark.parametrize(("job", "stale"), [("wake_ups", 61.0), ("reconcile", 901.0)])
def test_a_job_that_stopped_is_an_alarm(job: str, stale: float) -> None:
    late = replace(HEALTHY, watchers={**HEALTHY.watchers, job: stale})
    never = replace(
        HEALTHY, watchers={name: age for name, age in HEALTHY.watchers.items() if name != job}
    )

    for signs in (late, never):
        assert told(signs, f"job {job}").level is Level.ALARM
    assert told(replace(never, running=30.0), f"job {job}").level is Level.WARNING


@pytest.mark.parametrize(
    ("waiting", "oldest", "level"),
    [
        (0, 0.0, Level.OK),
        (5, 61.0, Level.WARNING),
        (5, 301.0, Level.ALARM),
        (1001, 1.0, Level.ALARM),
    ],
)
def test_a_growing_outbox_is_an_alarm(waiting: int, oldest: float, level: Level) -> None:
    signs = replace(HEALTHY, waiting=waiting, oldest_waiting=oldest)

    assert told(signs, "outbox").level is level


@pytest.mark.parametrize(
    ("silent", "oldest", "level"),
    [
        (359.0, 9000.0, Level.OK),
        (361.0, 61.0, Level.ALARM),
        (None, 61.0, Level.ALARM),
        (None, 5.0, Level.WARNING),
    ],
)
def test_an_unread_queue_is_an_alarm(silent: float | None, oldest: float, level: Level) -> None:
    queue = QueueSigns(name="ios", claimable=1, oldest=oldest, silent=silent)
    found = told(replace(HEALTHY, queues=(queue,)), "queue ios")

    assert found.level is level
    if level is not Level.OK:
        assert "-Q ios" in found.remedy


def test_what_needs_a_look_but_goes_on_is_a_warning() -> None:
    signs = replace(
        HEALTHY,
        dead=1,
        lost_deliveries=2,
        quarantined=3,
        paused=("rig",),
        closed_windows={"conductor": 40.0},
        closed_providers={"claude": 7200.0},
    )

    found = {one.name for one in diagnose(signs, EXPECTED) if one.level is Level.WARNING}

    assert found == {
        "given up",
        "lost webhooks",
        "deliveries",
        "pauses",
        "github limits",
        "providers",
    }


def test_a_review_that_nobody_takes_and_a_merge_that_does_not_come_are_named() -> None:
    signs = replace(HEALTHY, oldest_review=1201.0, oldest_merge=901.0)

    assert told(signs, "reviews").level is Level.WARNING
    assert "review-e" in told(signs, "reviews").remedy
    assert told(signs, "merges").level is Level.WARNING
    assert "rig issue explain" in told(signs, "merges").remedy


@pytest.mark.incident("A28")
def test_two_versions_at_once_are_an_alarm() -> None:
    assert told(replace(HEALTHY, versions=("0.1.0", "0.2.0")), "versions").level is Level.ALARM


def test_the_worst_of_none_is_ok() -> None:
    assert worst(()) is Level.OK
    assert worst((Level.OK, Level.ALARM, Level.WARNING)) is Level.ALARM


def test_a_base_branch_that_a_merge_turned_red_is_an_alarm() -> None:
    found = told(replace(HEALTHY, red_bases=("acme/api", "acme/web")), "base branches")

    assert found.level is Level.ALARM
    assert "acme/api, acme/web" in found.detail
    assert "revert" in found.remedy


@pytest.mark.parametrize(
    ("waiting", "level"), [(None, Level.OK), (1799.0, Level.OK), (1801.0, Level.ALARM)]
)
def test_a_canary_that_is_not_merged_in_time_is_an_alarm(
    waiting: float | None, level: Level
) -> None:
    canary = CanarySigns(waiting=waiting, number=12, merged=None)

    found = told(replace(HEALTHY, canary=canary), "canary")

    assert found.level is level
    assert ("#12" in found.detail) == (waiting is not None)


def test_a_canary_that_is_off_is_no_alarm() -> None:
    late = replace(HEALTHY, canary=CanarySigns(waiting=9_999.0, number=1, merged=None))

    checks = diagnose(late, replace(EXPECTED, canary=None))

    found = next(one for one in checks if one.name == "canary")
    assert (found.level, found.detail) == (Level.OK, "off: no repository is set for it")


def test_nothing_that_lets_webhooks_be_accepted_is_critical() -> None:
    stopped = replace(
        HEALTHY, services={}, watchers={}, conductor_silent=None, waiting=5, oldest_waiting=900.0
    )

    checks = diagnose(stopped, EXPECTED)

    alarms = {one.name for one in checks if one.level is Level.ALARM}
    assert {"redis", "relay", "conductor", "beat", "outbox", "job reconcile"} <= alarms
    assert not any(one.critical for one in checks)


def agreed(queue: str, **settings: str) -> Agreed:
    return Agreed(queue=queue, settings=settings)


def test_settings_that_differ_are_named_with_who_has_what() -> None:
    signs = replace(
        HEALTHY,
        agreed=(
            agreed("conductor", RIG_OFFERED_MODELS="command", RIG_LIMIT_TOTAL="16"),
            agreed("dev-e-node", RIG_OFFERED_MODELS="command; claude with a", RIG_LIMIT_TOTAL="8"),
            agreed("dev-e-python", RIG_OFFERED_MODELS="command", RIG_LIMIT_TOTAL="16"),
            agreed("dev-e-python", RIG_OFFERED_MODELS="command", RIG_LIMIT_TOTAL="8"),
            agreed("review-e", RIG_LIMIT_TOTAL="16"),
        ),
    )

    closed = told(signs, "settings")
    (shown,) = (
        one for one in diagnose(signs, EXPECTED, shows_settings=True) if one.name == "settings"
    )

    assert closed.level is Level.ALARM
    assert closed.detail == (
        "RIG_LIMIT_TOTAL differs between conductor, 1 of 2 dev-e-python, review-e and dev-e-node, "
        "1 of 2 dev-e-python; "
        "RIG_OFFERED_MODELS differs between conductor, dev-e-python and dev-e-node"
    )
    assert closed.remedy.startswith(
        "start all of them with the same RIG_LIMIT_TOTAL, RIG_OFFERED_MODELS; "
    )
    assert closed.remedy.endswith("rig doctor shows what each has")
    assert shown.detail.endswith(
        "RIG_OFFERED_MODELS differs (conductor, dev-e-python: command; "
        "dev-e-node: command; claude with a)"
    )


def test_who_needs_no_setting_differs_in_none() -> None:
    signs = replace(
        HEALTHY,
        agreed=(
            agreed("conductor", RIG_TOOLS_FILE="none", RIG_LIMIT_TOTAL="1"),
            agreed("review-e", RIG_LIMIT_TOTAL="1"),
        ),
    )

    assert told(signs, "settings").level is Level.OK
