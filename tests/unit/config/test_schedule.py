"""What is not wanted is never rung for, and nobody waits for its success."""

from rigtasks.config import Settings
from rigtasks.schedule import CANARY, periods, successes


def chosen(**changes: object) -> Settings:
    return Settings.model_validate({"DATABASE_URL": "none", **changes})


def test_a_canary_that_is_off_is_no_job() -> None:
    off, on = chosen(), chosen(canary_repository="acme/canary")

    assert set(periods(on)) - set(periods(off)) == {"canary_due"}
    assert set(successes(on)) - set(successes(off)) == {"canary_due", CANARY}
