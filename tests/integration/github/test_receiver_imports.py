"""What faces the internet loads neither an HTTP client nor anything that could act."""

import subprocess
import sys

import pytest

HEAVY = {"requests", "urllib3", "github", "jwt", "sqlalchemy", "celery", "subprocess", "unidiff"}


@pytest.mark.parametrize("module", ["signature", "payloads"])
def test_signatures_and_payloads_load_nothing_heavy(module: str) -> None:
    code = f"import sys, rigtasks.github.{module}; print('\\n'.join(sys.modules))"

    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )

    loaded = set(done.stdout.split())
    assert f"rigtasks.github.{module}" in loaded
    assert not loaded & HEAVY
    rig = {name for name in loaded if name.startswith("rigtasks.") and name.count(".") == 1}
    assert rig == {"rigtasks.errors", "rigtasks.github"}
