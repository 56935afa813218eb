"""Examine the whole rig: the database, its schema, and everything that leaves signs in it."""

import msgspec

from rigtasks.config import CLOSE_TO_STRANGERS, OPEN_TO_ALL, Settings
from rigtasks.schedule import periods, successes
from webhook_receiver.reading.condition import Condition, Examiner
from webhook_receiver.reading.database import ReadDatabase, StoreUnavailable
from webhook_receiver.reading.diagnosis import Diagnosis, Expected, Level, diagnose, worst
from webhook_receiver.reading.vital_signs import read_vital_signs

_CRITICAL = {
    "database": "start Postgres, or correct its address",
    "schema": "run: rig db migrate",
}


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """Every check, and the worst level among them."""

    level: Level
    checks: tuple[Diagnosis, ...]

    @property
    def alarms(self) -> tuple[Diagnosis, ...]:
        """Return what does not get better by itself."""
        return tuple(one for one in self.checks if one.level is Level.ALARM)

    @property
    def serving(self) -> bool:
        """Say whether webhooks can be accepted: no critical check is an alarm."""
        return not any(one.critical for one in self.alarms)


class Doctor:
    """Looks at everything.

    Args:
        database: where signs are read.
        settings: how often what has to happen.
        shows_settings: whether values of settings may be shown to who asks; health is open to all.
    """

    def __init__(
        self, database: ReadDatabase, settings: Settings, *, shows_settings: bool = False
    ) -> None:
        self._database = database
        self._examiner = Examiner(database)
        self._expected = expected(settings)
        self._shows_settings = shows_settings

    def examine(self) -> Examined:
        """Return how everything is now; a database that is down is an answer, not an error."""
        checks = self._critical()
        if not any(one.level is Level.ALARM for one in checks):
            try:
                with self._database.connect() as connection:
                    signs = read_vital_signs(connection)
            except StoreUnavailable:
                checks = (_alarm("database", "went away while it was asked"),)
            else:
                checks = (
                    *checks,
                    *diagnose(signs, self._expected, shows_settings=self._shows_settings),
                )
        return Examined(level=worst(one.level for one in checks), checks=checks)

    def _critical(self) -> tuple[Diagnosis, ...]:
        return tuple(
            _alarm(one.name, one.detail)
            if one.condition is Condition.DOWN
            else Diagnosis(name=one.name, level=Level.OK, detail=one.detail, critical=True)
            for one in self._examiner.examine().checks
            if one.critical
        )


def expected(settings: Settings) -> Expected:
    """Return what has to happen how often with these settings."""
    every = periods(settings)
    return Expected(
        periods=successes(settings),
        tick=min(every.values()),
        worker=settings.scaled(settings.ping_seconds),
        review=settings.patience.review,
        merge=settings.patience.merge,
        canary=settings.scaled(settings.canary_limit_seconds)
        if settings.canary_repository
        else None,
    )


def with_settings(found: Examined, settings: Settings) -> Examined:
    """Add what the settings say. Only for who may read them: health is open to all."""
    checks = (*found.checks, _owners(settings))
    return Examined(level=worst(one.level for one in checks), checks=checks)


def _owners(settings: Settings) -> Diagnosis:
    """Say whose repositories the rig works for; a public App can be installed by anybody."""
    if settings.is_open_to_all:
        return Diagnosis(
            name="owners", level=Level.WARNING, detail=OPEN_TO_ALL, remedy=CLOSE_TO_STRANGERS
        )
    whose = ", ".join(settings.owners) or "everybody in the sandbox"
    return Diagnosis(name="owners", level=Level.OK, detail=f"works for {whose}")


def _alarm(name: str, detail: str) -> Diagnosis:
    return Diagnosis(
        name=name, level=Level.ALARM, detail=detail, remedy=_CRITICAL[name], critical=True
    )
