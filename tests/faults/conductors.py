"""Conductors beside the stack's own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from faulty_rig import FaultyRig
from running_rig import wait_until

CONDUCTOR = "worker-conductor"


@contextmanager
def another_conductor(
    rig: FaultyRig, name: str, *, settings: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run one more conductor, meanwhile.

    Args:
        rig: the rig it works for.
        name: its own.
        settings: environment variables on top.
    """
    arguments = ("celery", "-A", "rigtasks", "worker", "-Q", "conductor", "-n", f"{name}@%h")
    given = {"RIG_APPS_FILE": str(rig.data_dir / "github" / "apps.json"), **(settings or {})}
    child = rig.start(name, *arguments, "--loglevel", "INFO", settings=given)
    try:
        log = rig.data_dir / "logs" / f"{name}.log"

        def ready() -> bool:
            assert child.poll() is None, log.read_text()
            return b"ready." in log.read_bytes()

        wait_until(ready, name, seconds=120)
        yield
    finally:
        child.terminate()
        child.wait(60)
