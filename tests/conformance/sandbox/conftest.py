from pathlib import Path

import pytest
from sandbox_yard import Yard, memory_yard, real_yard

from rigtasks.agent.sandbox import Level

KINDS = ["memory", *(level.value for level in Level)]
REAL = KINDS[1:]


def _yard(kind: str, folder: Path) -> Yard:
    return memory_yard(folder) if kind == "memory" else real_yard(Level(kind), folder)


@pytest.fixture(params=KINDS)
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Yard:
    """Every sandbox there is."""
    return _yard(request.param, tmp_path)


@pytest.fixture(params=REAL)
def real(request: pytest.FixtureRequest, tmp_path: Path) -> Yard:
    """Sandboxes with processes of their own."""
    return _yard(request.param, tmp_path)


@pytest.fixture
def walled(tmp_path: Path) -> Yard:
    """The sandbox that hides the host."""
    return _yard(Level.BUBBLEWRAP, tmp_path)
