from pathlib import Path

import pytest

from agents import KINDS, TOOLS, Agent


@pytest.fixture(params=KINDS)
def agent(request: pytest.FixtureRequest, tmp_path: Path) -> Agent:
    """Every kind of agent."""
    return Agent(request.param, tmp_path)


@pytest.fixture(params=[kind for kind in KINDS if kind != "memory"])
def real(request: pytest.FixtureRequest, tmp_path: Path) -> Agent:
    """Agents with processes of their own."""
    return Agent(request.param, tmp_path)


@pytest.fixture(params=TOOLS)
def tool(request: pytest.FixtureRequest, tmp_path: Path) -> Agent:
    """Other people's command lines."""
    return Agent(request.param, tmp_path)
