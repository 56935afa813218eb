"""What a killed demo leaves in the temp folder is gone after the next one starts."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rigtasks.cli.start import DEMO_PREFIX, remove_abandoned_demos, remove_data
from rigtasks.local.ports import any_free_port
from rigtasks.local.records import ProcessRecord, is_alive, write_record
from rigtasks.local.valkey import ValkeyServer


@pytest.fixture
def demo() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=DEMO_PREFIX))
    yield folder
    if folder.exists():
        remove_data(folder)


def test_the_servers_and_the_folder_of_a_dead_demo_are_removed(demo: Path) -> None:
    server = ValkeyServer(data_dir=demo, preferred_port=any_free_port())
    server.start()
    process = server.process()
    assert process is not None
    dead = ProcessRecord(name="rig", pid=os.getpid(), started=time.time() - 9e6, program="rig")
    write_record(demo / "stack.json", dead)

    removed = remove_abandoned_demos()

    assert demo in removed
    assert not demo.exists()
    assert not is_alive(process)
    server.stop()


def test_a_living_demo_is_left_alone(demo: Path) -> None:
    write_record(demo / "stack.json", ProcessRecord.of(os.getpid(), "rig up"))

    assert demo not in remove_abandoned_demos()
    assert demo.exists()
