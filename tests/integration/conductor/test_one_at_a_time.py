"""A second process that comes upon an effect under way neither waits for it nor fails."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from conductor_scene import FIXED, Scene

from rigtasks.conductor.alone import EffectUnderWay, alone_with
from rigtasks.eventstore.stream import OutboxEntry
from rigtasks.tasks.carrying import carry


@contextmanager
def somebody_at_it(scene: Scene, database_url: str) -> Iterator[None]:
    """Hold the issue as another process does that is in the middle of a long push."""
    begun, ended = threading.Event(), threading.Event()

    def push() -> None:
        with alone_with(database_url, scene.stream):
            begun.set()
            ended.wait(60.0)

    process = threading.Thread(target=push)
    process.start()
    assert begun.wait(10.0)
    try:
        yield
    finally:
        ended.set()
        process.join(10.0)


def publication(scene: Scene) -> int:
    """Return the only open entry: the publication, taken by the relay and come round again."""
    stores = scene.conductor.stores
    stores.database.rows("UPDATE outbox SET done_at = clock_timestamp() WHERE done_at IS NULL")
    stores.outbox.add(
        (OutboxEntry(kind="task", task="t", queue="conductor", args=(scene.stream, "publish")),)
    )
    (entry,) = stores.outbox.take(repeat_seconds=0.0)
    stores.outbox.published([entry.id])
    return entry.id


def test_the_repetition_of_a_slow_publication_is_given_back_at_once(
    scene: Scene, database_url: str
) -> None:
    scene.label()
    scene.implement({"price.py": FIXED})
    entry = publication(scene)
    stores = scene.conductor.stores

    # given another process that is still at it
    with somebody_at_it(scene, database_url):
        # when the entry comes round again
        begun = time.monotonic()
        outcome = carry(stores, entry, scene.publish)

        # then this process is free again, and nothing has failed
        assert time.monotonic() - begun < 5.0
        assert outcome == f"later: another effect of {scene.stream} is under way"
        assert "PUSH_INTENT" not in scene.types()
        (attempts, dead) = stores.database.rows(
            "SELECT attempts, dead_at FROM outbox WHERE id = %s", (entry,)
        )[0]
        assert (attempts, dead) == (0, None)

    # and it goes on once the other has ended
    assert carry(stores, entry, scene.publish).startswith("published: ")
    assert not stores.outbox.is_open(entry)


def test_a_person_at_the_command_line_may_wait_for_the_effect(
    scene: Scene, database_url: str
) -> None:
    scene.label()
    with somebody_at_it(scene, database_url):
        begun = time.monotonic()
        with (
            pytest.raises(EffectUnderWay, match="another effect"),
            alone_with(database_url, scene.stream, patience=0.5),
        ):
            pytest.fail("two were at it at once")
        assert time.monotonic() - begun >= 0.5

    with alone_with(database_url, scene.stream, patience=0.5):
        assert "ISSUE_CANCELLED" not in scene.types()
