"""A `rig up` without what the faults are not about: no Flower, and no workers for agents.

The workers of agents belong to the scenarios, because here nothing must start them again, nor end
what they left.
"""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from times import SCALE

from rigtasks.cli.stopping import stopped_by_signals
from rigtasks.eventstore.migrate import upgrade
from rigtasks.local.processes import ProcessSpec
from rigtasks.local.stack import LocalStack, StackOptions
from rigtasks.local.table import stack_table

QUEUES = ("conductor", "review-e")
CALLS_AN_HOUR = int(5_000 / SCALE)


def small_table(**how: Any) -> tuple[ProcessSpec, ...]:
    """Return the stack's processes without Flower.

    GitHub's hour goes by as fast as the rig's own.
    """
    return tuple(
        replace(spec, argv=(*spec.argv, "--rate-limit", str(CALLS_AN_HOUR)))
        if spec.name == "github"
        else spec
        for spec in stack_table(**how)
        if spec.name != "flower"
    )


def main(data_dir: Path, port: int) -> None:
    """Run the stack until a signal asks for its end."""
    options = StackOptions(data_dir=data_dir, web_port=port, queues=QUEUES)
    stack = LocalStack(options, report=_tell, table=small_table, prepare=_migrate)
    with stopped_by_signals(stack.ask_stop), stack:
        assert stack.addresses is not None
        sys.stdout.write(f"{msgspec.json.encode(stack.addresses).decode()}\n")
        sys.stdout.flush()
        stack.wait()


def _migrate(environment: Mapping[str, str]) -> None:
    """Bring the schema up to date here; a process more would take its time to start."""
    upgrade(environment["DATABASE_URL"])


def _tell(message: str) -> None:
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    arguments = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
    main(Path(arguments["--data-dir"]), int(arguments["--port"]))
