"""Two versions of the rig side by side, one that is too old, a migration under load: A48 to A50."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from begun import SLOWER, begun
from conductors import CONDUCTOR, another_conductor
from faulty_rig import FaultyRig
from ledger import Tally, tally_of_issues
from next_version import next_version
from outcomes import Outcomes
from running_rig import RIG, new_data_dir, wait_until
from senders import Senders
from served import SECRET, rows, serve
from shop import Town
from times import SETTINGS

from rigtasks.eventstore.connection import libpq_url
from rigtasks.eventstore.migrate import newest_revision
from rigtasks.local.github.seeding import Seeder
from rigtasks.local.ports import LOOPBACK

READER_SECONDS = 6.0
_VERSIONS = """
SELECT DISTINCT e.schema_version FROM events AS e JOIN issues AS i USING (stream)
 WHERE i.ref = %s AND e.type = 'WORK_STARTED'
"""
_WAITS = """
SELECT 1 FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'
   AND relation = 'deliveries'::regclass
"""
_PROJECTIONS = "SELECT i::text FROM issues AS i ORDER BY stream"

pytestmark = pytest.mark.make_faults


@pytest.fixture(scope="module")
def coming(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The environment of the next version's processes."""
    newest = newest_revision()
    assert newest is not None
    return next_version(tmp_path_factory.mktemp("next"), newest=newest)


@pytest.fixture
def old_rig() -> Iterator[FaultyRig]:
    """A rig of its own: what becomes of its database is nothing for the others."""
    running = FaultyRig(new_data_dir(), SETTINGS)
    try:
        running.wait_ready()
        yield running
    finally:
        running.close()


def command(
    rig: FaultyRig, *arguments: str, version: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run `rig` of a version to its end."""
    environment = {**rig.environment, **version}
    return subprocess.run(
        [*RIG, *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        cwd=rig.data_dir,
        timeout=200,
    )


@pytest.mark.timeout(900)
def test_two_versions_side_by_side_finish_what_either_began(
    old_rig: FaultyRig, outcomes: Outcomes, coming: Mapping[str, str]
) -> None:
    rig = old_rig
    log = rig.data_dir / "logs" / f"{CONDUCTOR}.log"
    with Seeder.for_data_dir(rig.addresses["github"], rig.data_dir / "github") as seeder:
        town = Town(rig, seeder)
        rig.need_workers("dev-a")
        begun_before = town.shop(config=SLOWER).issue()
        begun_before.label()
        begun(begun_before, rig)

        migrated = command(rig, "db", "migrate", version=coming)
        assert migrated.returncode == 0, migrated.stderr
        begun_before.wait("ISSUE_DONE", seconds=180)
        rig.need_workers()
        with rig.suspended("worker-review-e"):
            rig.start_worker("dev-next", settings=coming)
            rig.start_worker("review-next", queue="review-e", settings=coming)
            after = town.shop().issue()
            after.label()
            wait_until(
                lambda: b"WORK_STARTED is stored in version 2" in log.read_bytes(),
                "the old conductor's refusal",
                seconds=120,
            )
            with another_conductor(rig, "next-conductor", settings=coming):
                after.wait("ISSUE_DONE", seconds=240)
        issues = [begun_before, after]
        judged = tally_of_issues(rig, issues) + given_up(rig)
        versions = [version for one in issues for version in rig.rows(_VERSIONS, one.ref)]

        refused = command(rig, "db", "migrate", version={})
        unread = command(rig, "db", "rebuild-projections", version={})
        live = rig.rows(_PROJECTIONS)
        rebuilt = command(rig, "db", "rebuild-projections", version=coming)

        outcomes.add("A48", "the next version beside this one, from a run's middle on", judged)
        assert versions == [(1,), (2,)]
        outcomes.add("A49", "this version started after the next one", Tally(), injected=2)
        assert refused.returncode != 0
        assert "start the newer version" in refused.stderr
        assert unread.returncode != 0
        assert "run the newer version that wrote it" in unread.stderr
        assert rebuilt.returncode == 0, rebuilt.stderr
        assert rig.rows(_PROJECTIONS) == live


def given_up(rig: FaultyRig) -> Tally:
    """Return what the rig will not try again."""
    dead = rig.rows("SELECT task, last_error FROM outbox WHERE dead_at IS NOT NULL")
    return Tally(tuple(f"given up: {task}: {error}" for task, error in dead))


@pytest.mark.timeout(300)
def test_a_migration_behind_a_long_reader_lets_the_receiver_answer(
    database_url: str, outcomes: Outcomes, coming: Mapping[str, str], tmp_path: Path
) -> None:
    senders = Senders("", SECRET, threads=2)
    with serve(database_url) as receiver:
        senders.url = f"http://{LOOPBACK}:{receiver.port}"
        with (
            closing(psycopg2.connect(libpq_url(database_url))) as reader,
            senders.sending(),
            (tmp_path / "said.txt").open("w") as said,
        ):
            reader.cursor().execute("SELECT count(*) FROM deliveries")
            before = len(senders.accepted)
            migrating = subprocess.Popen(
                [sys.executable, "-m", "rigtasks.cli", "db", "migrate"],
                cwd=tmp_path,
                env={"PATH": "/usr/bin:/bin", "DATABASE_URL": database_url, **coming},
                stdout=said,
                stderr=said,
            )
            wait_until(lambda: rows(database_url, _WAITS), "a step that waits", seconds=90)
            time.sleep(READER_SECONDS)
            assert migrating.poll() is None, "it did not wait for the reader"
            meanwhile = len(senders.accepted)
            reader.rollback()
            healed = time.monotonic()
            assert migrating.wait(120) == 0, (tmp_path / "said.txt").read_text()
            took = time.monotonic() - healed
            wait_until(lambda: len(senders.accepted) > meanwhile + 10, "accepted deliveries")
    stored = {row[0] for row in rows(database_url, "SELECT delivery_id FROM deliveries")}

    outcomes.add(
        "A50",
        f"a migration under load, behind a transaction of {READER_SECONDS:.0f} s",
        Tally(tuple(sorted(senders.accepted - stored))),
        recovery=took,
        goal=10.0,
    )
    assert meanwhile > before
    assert set(senders.statuses) == {202}, senders.statuses
    assert senders.slowest < 4.0
