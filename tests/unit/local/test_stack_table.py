"""Rules of the local stack that need neither a socket nor a process."""

from pathlib import Path

import pytest

from rigtasks.local.memory import NEEDS_REASON_ABOVE, REASONS, MemoryRow, memory_table, reason_for
from rigtasks.local.processes import (
    FIRST_BACK_OFF_SECONDS,
    LONGEST_BACK_OFF_SECONDS,
    ProcessSpec,
    back_off,
)
from rigtasks.local.table import AGENTS_STOP, CONDUCTOR_STOP, EDGES_STOP, SOURCES_STOP, stack_table

PORTS = {"web": 18080, "flower": 15555, "github": 18090}
QUEUES = ("conductor", "dev-e-python", "review-e")


def table(*, sandbox_github: bool = True) -> tuple[ProcessSpec, ...]:
    return stack_table(
        data_dir=Path("/data"),
        ports=PORTS,
        queues=QUEUES,
        sandbox_github=sandbox_github,
    )


def test_a_process_that_never_ended_early_starts_again_at_once() -> None:
    assert back_off(0) == 0.0


def test_back_off_doubles_and_stays_bounded() -> None:
    waits = [back_off(count) for count in range(1, 12)]

    assert waits[0] == FIRST_BACK_OFF_SECONDS
    assert waits[1] == 2 * waits[0]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_BACK_OFF_SECONDS


def test_every_need_of_the_table_can_be_met() -> None:
    outside = {"redis", "postgres", "migrations"}
    for sandbox in (True, False):
        names = {spec.name for spec in table(sandbox_github=sandbox)}

        assert all(spec.after <= names | outside for spec in table(sandbox_github=sandbox))


def test_names_and_ports_of_the_table_are_unique() -> None:
    specs = table()
    ports = [spec.port for spec in specs if spec.port is not None]

    assert len({spec.name for spec in specs}) == len(specs)
    assert sorted(ports) == sorted(PORTS.values())


def test_work_stops_before_what_it_needs() -> None:
    phases = {spec.name: spec.stop_phase for spec in table()}

    assert phases["relay"] == phases["beat"] == SOURCES_STOP
    assert phases["worker-dev-e-python"] == phases["worker-review-e"] == AGENTS_STOP
    assert phases["worker-conductor"] == CONDUCTOR_STOP
    assert phases["github"] == phases["web"] == EDGES_STOP


def test_real_github_runs_no_sandbox_and_nothing_waits_for_it() -> None:
    specs = table(sandbox_github=False)

    assert "github" not in {spec.name for spec in specs}
    assert all("github" not in spec.after for spec in specs)


def test_each_queue_gets_one_worker() -> None:
    workers = [spec for spec in table() if spec.name.startswith("worker-")]

    assert [spec.argv[spec.argv.index("-Q") + 1] for spec in workers] == list(QUEUES)


def test_only_workers_that_run_agents_get_the_models_key() -> None:
    given = {spec.name for spec in table() if "RIG_MODEL_API_KEY" not in spec.without}

    assert given == {"worker-dev-e-python", "worker-review-e"}


@pytest.mark.parametrize("name", [spec.name for spec in table()])
def test_every_role_has_a_reason_for_its_memory(name: str) -> None:
    assert reason_for(name, NEEDS_REASON_ABOVE + 1) == REASONS[name.split("-", maxsplit=1)[0]]
    assert reason_for(name, NEEDS_REASON_ABOVE) == ""


def test_an_unknown_large_process_is_not_excused() -> None:
    assert "look into it" in reason_for("surprise", NEEDS_REASON_ABOVE + 1)


def test_the_memory_table_adds_up() -> None:
    rows = [
        MemoryRow(name="web", pid=1, command="granian", bytes=90_000_000, reason="large"),
        MemoryRow(name="beat", pid=2, command="celery", bytes=10_500_000, reason=""),
    ]

    lines = memory_table(reversed(rows)).splitlines()

    assert lines[1].split()[:3] == ["90.0", "1", "web"]
    assert lines[1].endswith("large")
    assert lines[-1].split()[0] == "100.5"
    assert "2 processes" in lines[-1]
