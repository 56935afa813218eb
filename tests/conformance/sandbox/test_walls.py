"""What only walls promise: the host is not there."""

import os
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest
from sandbox_yard import Yard

from rigtasks.agent.sandbox import Bounds, Level, wrap
from rigtasks.errors import Permanent

NOBODY = 65_534


def test_the_host_is_hidden_and_only_the_working_copy_is_written(
    walled: Yard, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("hidden")

    _, eyes = walled.run(
        f"cat {tmp_path}/secret; ls -A {Path.home()}/.ssh /run /var /mnt; echo no > /usr/x; "
        "echo no > /x; echo yes > /sandbox/checkout/y; id -u"
    )

    assert b"hidden" not in eyes.out
    assert eyes.out.split() == [b"1001"]
    assert (walled.spec.workdir / "y").read_text() == "yes\n"
    assert not Path("/usr/x").exists()
    assert eyes.err.count(b"Read-only file system") == 2


def test_what_is_shown_cannot_be_changed(walled: Yard, tmp_path: Path) -> None:
    shown = tmp_path / "shown"
    shown.write_text("as it was")

    _, eyes = walled.run(f"cat {shown}; echo changed > {shown}", read_only=(shown,))

    assert eyes.out == b"as it was"
    assert shown.read_text() == "as it was"


def test_only_its_own_processes_are_seen(walled: Yard) -> None:
    _, eyes = walled.run("ls -d /proc/[0-9]*")

    assert len(eyes.out.split()) <= 4
    assert f"/proc/{os.getpid()}\n".encode() not in eyes.out


def test_there_is_no_network_unless_asked(walled: Yard) -> None:
    _, eyes = walled.run("cat /proc/net/route; cat /proc/net/dev")

    said = eyes.out.decode()
    interfaces = [line.split(":")[0].strip() for line in said.splitlines() if ":" in line]
    assert interfaces == ["lo"]
    assert "00000000" not in said.partition("Inter-")[0]


def test_a_server_of_the_host_is_reached_only_with_its_network(walled: Yard) -> None:
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    knock = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10)"
    line = f'python3 -c "{knock}" {server.server_port}'

    within, _ = walled.run(line)
    outside, _ = walled.run(line, network=True)

    server.shutdown()
    server.server_close()
    assert within.code == 1
    assert outside.code == 0


def test_a_level_that_cannot_be_had_is_never_lowered(
    walled: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(Permanent, match="install the package bubblewrap"):
        walled.run("touch ran")

    assert not (walled.spec.workdir / "ran").exists()


def ordinary_user() -> tuple[int, tuple[str, ...]]:
    """Return a user who is not root, with what starts a command as that one: us, where we can."""
    if os.getuid():
        return os.getuid(), ()
    setpriv = shutil.which("setpriv")
    assert setpriv is not None
    return NOBODY, (setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--")


def threads_of(user: int) -> int:
    """Count what the kernel counts of a user on the whole machine."""
    found = psutil.process_iter(("uids", "num_threads"))
    return sum(one.info["num_threads"] for one in found if one.info["uids"].real == user)


def test_the_kernel_itself_holds_the_processes_of_an_ordinary_user(
    walled: Yard, tmp_path: Path
) -> None:
    """Nobody watches here: the command is started without a supervisor."""
    for folder in (walled.spec.workdir, walled.spec.workdir.parent):
        folder.chmod(0o777)
    for folder in tmp_path.parents[:3]:
        mode = folder.stat().st_mode
        if mode & 0o011 != 0o011:
            folder.chmod(mode | 0o011)
    user, become = ordinary_user()
    taken = threads_of(user)
    bounds = Bounds(memory_bytes=256 << 20, processes=taken + 100)
    command = wrap(
        ("/bin/sh", "-c", f"for i in $(seq {taken + 200}); do sleep 5 & done"),
        spec=type(walled.spec)(workdir=walled.spec.workdir, bounds=bounds),
        level=Level.BUBBLEWRAP,
    )

    ended = subprocess.run(
        (*become, *command.argv),
        env=command.env,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert ended.returncode != 0
    assert "Cannot fork" in ended.stderr
