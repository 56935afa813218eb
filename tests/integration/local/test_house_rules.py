"""The rules that the shared fixtures enforce: unit tests stay pure, and nothing is skipped."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

SHARED = Path(__file__).parents[2] / "conftest.py"
SCENES = SHARED.parent / "scenes"

PASSING = "def test_other(): assert True\n"
SKIPPING = {
    "a_test": f"import pytest\ndef test_it(): pytest.skip('not today')\n{PASSING}",
    "a_file": "import pytest\npytest.skip('not today', allow_module_level=True)\n",
    "expected": f"import pytest\n@pytest.mark.xfail\ndef test_it(): assert False\n{PASSING}",
    "a_mark": (
        "import pytest\n@pytest.mark.skipif(True, reason='never')\ndef test_it(): ...\n" + PASSING
    ),
}
FORBIDDEN = {
    "socket": "import socket\ndef test_it(): socket.create_connection(('127.0.0.1', 9))\n",
    "server": "import socket\ndef test_it(): socket.socket().bind(('127.0.0.1', 0))\n",
    "process": "import subprocess\ndef test_it(): subprocess.run(['true'])\n",
}
SERVER_OF_THE_SESSION = """
import pytest, subprocess
@pytest.fixture(scope='session')
def server():
    yield
    subprocess.run(['true'], check=True)
def test_it(server): assert True
"""


def run_tests(folder: Path, files: Mapping[str, str], **environment: str) -> tuple[int, list[str]]:
    """Run test files in a tests folder of their own, with the shared fixtures.

    Returns:
        The exit code, and the lines of the summary.
    """
    for name, source in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    shutil.copy(SHARED, folder / "conftest.py")
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", *files],
        cwd=folder,
        env={
            **os.environ,
            "RIG_NO_SKIPS": "",
            "PYTHONPATH": str(SCENES),
            "COLUMNS": "200",
            **environment,
        },
        check=False,
        capture_output=True,
        text=True,
    )
    return answer.returncode, answer.stdout.splitlines()


def test_each_thing_that_does_not_run_is_named_and_a_failure_when_asked(tmp_path: Path) -> None:
    files = {f"test_{name}.py": source for name, source in SKIPPING.items()}

    code, lines = run_tests(tmp_path, files, RIG_NO_SKIPS="1")

    assert code == 1
    refused = [line for line in lines if "nothing may be skipped: " in line]
    assert len(refused) == len(files)
    for name in files:
        assert any(name in line for line in refused), name
    assert not any(line.startswith(("FAILED", "ERROR")) for line in lines)


def test_what_is_asked_of_units_and_of_nobody_else(tmp_path: Path) -> None:
    files = {
        **{f"unit/test_{name}.py": source for name, source in FORBIDDEN.items()},
        "integration/test_outside.py": FORBIDDEN["process"],
        "unit/test_session.py": SERVER_OF_THE_SESSION,
        "test_skipping.py": SKIPPING["a_test"],
    }

    code, lines = run_tests(tmp_path, files)

    # then only the units that touched the outside failed
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    assert code == 1
    assert len(failed) == len(FORBIDDEN)
    for name in FORBIDDEN:
        assert any(
            line.startswith(f"FAILED unit/test_{name}.py") and "must not use" in line
            for line in failed
        )
    # and a skip is no failure where nobody asked
    assert not any("nothing may be skipped" in line for line in lines)


def test_a_clean_run_passes_when_asked(tmp_path: Path) -> None:
    code, _ = run_tests(tmp_path, {"test_it.py": PASSING}, RIG_NO_SKIPS="1")

    assert code == 0
