"""The life that most odd things happen to."""

import pytest

from rigtasks.testing.life import Life


@pytest.fixture
def life() -> Life:
    """An issue whose pull request waits for its review."""
    life = Life()
    life.approve()
    life.implement()
    life.publish()
    return life
