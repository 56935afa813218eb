"""The fixture of this folder."""

from pathlib import Path

import pytest
from agent_bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)
