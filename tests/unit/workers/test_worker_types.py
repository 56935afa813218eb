import os
import time
from pathlib import Path

import pytest

from rigtasks.bootstrap import shutdown_file
from rigtasks.config import ConfigurationError
from workers.liveness import alive_file, forget_dead_files, holder_name
from workers.table import WORKER_TYPES, worker_type_for


@pytest.mark.parametrize(
    ("queues", "name"),
    [
        (["dev-e-node"], "dev"),
        (["dev-e-node", "dev-e-python"], "dev"),
        (["review-e"], "review"),
        (["ios"], "ios"),
        (["conductor"], "conductor"),
    ],
)
def test_the_queues_choose_the_worker_type(queues: list[str], name: str) -> None:
    assert worker_type_for(queues).name == name


@pytest.mark.parametrize("queues", [[], ["celery"], ["dev-e-node", "nonsense"]])
def test_unknown_queues_are_refused_with_the_known_ones(queues: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="dev-e-node"):
        worker_type_for(queues)


def test_one_worker_never_mixes_agents_with_the_conductor() -> None:
    with pytest.raises(ConfigurationError, match="different worker types"):
        worker_type_for(["conductor", "dev-e-node"])


def test_where_agents_run_each_run_gets_a_fresh_process_and_nobody_controls_it() -> None:
    for kind in WORKER_TYPES:
        if kind.runs_agents:
            assert (kind.concurrency, kind.max_tasks_per_child) == (1, 1)
            assert not kind.remote_control


@pytest.mark.incident("A8")
def test_two_workers_on_one_host_never_share_a_name() -> None:
    names = {
        holder_name("celery@host", ["dev-e-node"], 11),
        holder_name("celery@host", ["dev-e-node"], 12),
        holder_name("celery@host", ["review-e"], 11),
    }

    assert len(names) == 3
    assert all("/" not in name for name in names)


def test_only_files_of_processes_long_gone_are_forgotten(tmp_path: Path) -> None:
    old, new = alive_file(tmp_path, "dev-e-node@host:1"), alive_file(tmp_path, "dev-e-node@host:2")
    old.parent.mkdir()
    old.touch()
    new.touch()
    long_ago = time.time() - 7200
    os.utime(old, (long_ago, long_ago))

    forget_dead_files(tmp_path, "dev-e-node@host:3")

    assert not old.exists()
    assert new.exists()


def test_a_worker_that_starts_again_under_its_old_name_is_not_told_to_stop(tmp_path: Path) -> None:
    mine, other = (shutdown_file(tmp_path, f"dev-e-node@host:{pid}") for pid in (1, 2))
    mine.parent.mkdir()
    mine.touch()
    other.touch()

    forget_dead_files(tmp_path, "dev-e-node@host:1")

    assert not mine.exists()
    assert other.exists()
