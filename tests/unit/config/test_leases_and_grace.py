"""A stopped run hands its work over while its claim lives, and a living one renews it in time."""

import pytest

from rigtasks.config import ConfigurationError, Settings, load_settings

URL = "postgresql://rig@127.0.0.1/rig"


@pytest.mark.parametrize(
    ("name", "seconds"),
    [("grace_seconds", 40.0), ("grace_seconds", 600.0), ("heartbeat_seconds", 40.0)],
)
def test_what_has_to_happen_while_a_claim_lives_is_bounded_by_it(name: str, seconds: float) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings(DATABASE_URL=URL, **{name: str(seconds)})

    said = str(refused.value)
    assert f"RIG_{name.upper()}: " in said
    assert "less than 40 s, two thirds of RIG_LEASE_SECONDS" in said


def test_a_shorter_lease_has_to_leave_room_for_the_grace_that_is_set() -> None:
    with pytest.raises(ConfigurationError, match=r"RIG_GRACE_SECONDS: .*less than 4 s"):
        load_settings(DATABASE_URL=URL, lease_seconds="6", heartbeat_seconds="1")


def test_a_longer_lease_leaves_room_for_more() -> None:
    settings = Settings(DATABASE_URL=URL, grace_seconds=79.0, lease_seconds=120.0)

    assert settings.grace_seconds == 79.0


def test_a_lease_that_is_no_lease_is_the_only_complaint() -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings(DATABASE_URL=URL, lease_seconds="-1")

    assert "RIG_LEASE_SECONDS" in str(refused.value)
    assert "RIG_GRACE_SECONDS" not in str(refused.value)
