"""Real walls around real commands."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from rigtasks.agent.sandbox import Bounds, Level, SandboxSpec, find_toolchain, probe, wrap
from rigtasks.errors import Permanent


def run(script: str, spec: SandboxSpec, level: Level) -> subprocess.CompletedProcess[str]:
    command = wrap(("/bin/sh", "-c", script), spec=spec, level=level)
    return subprocess.run(
        command.argv,
        env=command.env,
        cwd=command.cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def spec(tmp_path: Path) -> SandboxSpec:
    for name in ("work", "home"):
        (tmp_path / name).mkdir()
    return SandboxSpec(workdir=tmp_path / "work", scratch=tmp_path / "home")


def test_the_probe_runs_a_real_sandbox() -> None:
    answer = probe()

    assert answer.level is Level.BUBBLEWRAP, answer.reason


def test_a_machine_without_bwrap_is_told_so_and_never_lowered(
    spec: SandboxSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    answer = probe()

    assert answer.level is Level.NONE
    assert "install the package bubblewrap" in answer.reason
    with pytest.raises(Permanent, match="bubblewrap"):
        wrap(("true",), spec=spec, level=Level.BUBBLEWRAP)


@pytest.mark.parametrize("level", list(Level))
def test_nothing_of_the_environment_is_passed_on(
    level: Level, spec: SandboxSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")

    result = run("env", spec, level)

    assert result.returncode == 0, result.stderr
    assert "secret" not in result.stdout
    assert str(Path.home()) not in result.stdout.split("PATH=")[0]


def test_the_host_is_hidden_and_only_the_workdir_is_written(
    spec: SandboxSpec, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("hidden")

    result = run(
        f"cat {tmp_path}/secret; ls -A {Path.home()} /run /var /mnt; echo no > /usr/x; "
        "echo no > /x; echo yes > /sandbox/checkout/y; echo kept > $HOME/z; id -u",
        spec,
        Level.BUBBLEWRAP,
    )

    assert "hidden" not in result.stdout
    assert result.stdout.split() == ["1001"]
    assert (spec.workdir / "y").read_text() == "yes\n"
    assert (tmp_path / "home" / "z").read_text() == "kept\n"
    assert not Path("/usr/x").exists()
    assert result.stderr.count("Read-only file system") == 2


def test_only_its_own_processes_are_seen(spec: SandboxSpec) -> None:
    result = run("ls -d /proc/[0-9]*", spec, Level.BUBBLEWRAP)

    assert len(result.stdout.split()) <= 4
    assert f"/proc/{os.getpid()}\n" not in result.stdout


def test_the_network_is_off_unless_asked(spec: SandboxSpec) -> None:
    result = run("cat /proc/net/route; cat /proc/net/dev", spec, Level.BUBBLEWRAP)

    interfaces = [line.split(":")[0].strip() for line in result.stdout.splitlines() if ":" in line]
    assert interfaces == ["lo"]
    assert "00000000" not in result.stdout.partition("Inter-")[0]


def test_the_rigs_tools_are_found_on_the_path(spec: SandboxSpec) -> None:
    tools = find_toolchain()
    equipped = SandboxSpec(
        workdir=spec.workdir, read_only=tools.read_only, env={"PATH": tools.path}
    )

    result = run("python -m pytest --version && node --version", equipped, Level.BUBBLEWRAP)

    assert result.returncode == 0, result.stderr
    assert "pytest" in result.stdout
    assert "\nv" in result.stdout


@pytest.mark.parametrize("cwd", ["/etc", "..", "a/../../b"])
def test_a_start_directory_outside_the_repository_is_refused(cwd: str, spec: SandboxSpec) -> None:
    outside = SandboxSpec(workdir=spec.workdir, scratch=spec.scratch, cwd=cwd)

    for level in Level:
        with pytest.raises(Permanent, match="inside the repository"):
            wrap(("true",), spec=outside, level=level)


def test_memory_is_bounded_where_asked(spec: SandboxSpec) -> None:
    tools = find_toolchain()
    small = SandboxSpec(
        workdir=spec.workdir,
        read_only=tools.read_only,
        env={"PATH": tools.path},
        bounds=Bounds(memory_bytes=64 << 20, processes=64),
    )

    result = run("python -c 'x = bytearray(256 << 20)'", small, Level.BUBBLEWRAP)

    assert result.returncode != 0
    assert "MemoryError" in result.stderr


def test_no_process_outlives_a_killed_supervisor(spec: SandboxSpec) -> None:
    # given a supervisor that started a command which daemonises a grandchild
    command = wrap(
        ("/bin/sh", "-c", "setsid sleep 97 & setsid sleep 97"), spec=spec, level=Level.BUBBLEWRAP
    )
    program = "import subprocess, sys; subprocess.Popen(sys.argv[1:]).wait()"
    supervisor = subprocess.Popen((sys.executable, "-c", program, *command.argv), env=command.env)
    tree: list[psutil.Process] = []
    deadline = time.monotonic() + 10
    while sum(process.name() == "sleep" for process in tree) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
        tree = psutil.Process(supervisor.pid).children(recursive=True)

    # when the supervisor gets a signal that it cannot handle
    supervisor.send_signal(signal.SIGKILL)
    supervisor.wait(timeout=5)

    # then the whole tree is gone
    _, alive = psutil.wait_procs(tree, timeout=5)
    assert alive == []
