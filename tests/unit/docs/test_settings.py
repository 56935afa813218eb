"""Nothing in the code obeys a variable that the rig's settings do not know."""

import re
from pathlib import Path

from rigtasks.config import Settings

ROOT = Path(__file__).parents[3]
PACKAGES = ("rigtasks", "workers", "beat", "webhook_receiver")
READ = re.compile(r"environ(?:ment)?(?:\.get\(|\[)\s*\"(RIG_\w+)\"")


def test_every_variable_that_is_read_is_a_setting() -> None:
    known = {f"RIG_{name.upper()}" for name in Settings.model_fields}

    read = {
        (name, str(path.relative_to(ROOT)))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for name in READ.findall(path.read_text())
    }

    assert any(name == "RIG_PROVIDER" for name, _ in read)
    assert [(name, path) for name, path in sorted(read) if name not in known] == []
