"""No test works with a sandbox GitHub whose answers nobody judges."""

import re
from pathlib import Path

from rigtasks.local.github.server import SandboxGitHub
from rigtasks.testing.judged_github import JudgedGitHub

TESTS = Path(__file__).parents[2]


def makers(kind: type) -> set[str]:
    """Return the files of tests that make a sandbox of just this kind."""
    call = re.compile(rf"\b{kind.__name__}\(")
    files = (path for path in TESTS.rglob("*.py") if "node_modules" not in path.parts)
    return {path.name for path in files if call.search(path.read_text(encoding="utf-8"))}


def test_every_sandbox_of_the_tests_is_judged() -> None:
    assert makers(SandboxGitHub) == set()
    assert {"conftest.py", "common_ground.py", "places.py"} <= makers(JudgedGitHub)
