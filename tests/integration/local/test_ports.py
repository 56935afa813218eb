"""Two that look for a port in the same instant find two."""

import subprocess
import sys
from pathlib import Path

from rigtasks.local.ports import any_free_port, free_port, kept_port

ASK = """
import sys
from rigtasks.local.ports import free_port
print(free_port(int(sys.argv[1])), flush=True)
sys.stdin.read()
"""


def test_a_port_is_promised_as_long_as_its_process_lives() -> None:
    preferred = any_free_port()
    free_for_others = free_port(preferred + 1)
    asking = [sys.executable, "-c", ASK, str(free_for_others + 1)]
    with subprocess.Popen(
        asking, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdin is not None
        promised = int(first.stdout.readline())

        meanwhile = free_port(promised)
        first.stdin.close()

    assert meanwhile > promised
    assert free_port(promised) == promised


def test_a_server_keeps_its_port(tmp_path: Path) -> None:
    preferred = any_free_port()

    first = kept_port(tmp_path / "port", preferred)

    assert first == preferred
    assert kept_port(tmp_path / "port", preferred + 7) == first
