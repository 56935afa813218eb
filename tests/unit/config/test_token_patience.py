"""A run waits for its token longer than the relay needs to send a lost message again."""

import pytest

from rigtasks.config import Settings

URL = "postgresql://rig@127.0.0.1/rig"


@pytest.mark.parametrize("scale", [0.01, 0.05, 1.0, 3.0])
@pytest.mark.parametrize("republish", [0.5, 30.0, 120.0])
def test_the_patience_covers_two_repetitions_and_the_answer(scale: float, republish: float) -> None:
    settings = Settings(DATABASE_URL=URL, time_scale=scale, republish_seconds=republish)

    assert settings.token_patience >= 2 * settings.scaled(settings.republish_seconds) + 10.0


def test_the_patience_is_scaled_with_the_repetition() -> None:
    whole = Settings(DATABASE_URL=URL)
    quick = Settings(DATABASE_URL=URL, time_scale=0.1)

    assert whole.token_patience == 75.0
    assert quick.token_patience == pytest.approx(21.0)
