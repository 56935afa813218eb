"""A whole stack of its own for a bench, with the scripted agent."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bench.place import ROOT, Place
from rigtasks.cli.start import remove_data
from rigtasks.local.stack import LocalStack, StackOptions
from rigtasks.local.table import stack_table

_SETTINGS = {"RIG_PROVIDER": "scripted", "PYTHONPATH": str(ROOT)}


@contextmanager
def warm_stack(
    place: Place, *, settings: Mapping[str, str] | None = None, table: Any = stack_table
) -> Iterator[LocalStack]:
    """Lend a running stack with durable servers; everything it kept is deleted afterwards.

    Args:
        place: lends the folder.
        settings: environment variables on top.
        table: which processes run; all of them unless told otherwise.
    """
    with place.folder() as folder:
        options = StackOptions(data_dir=folder / "rig", settings={**_SETTINGS, **(settings or {})})
        options.data_dir.mkdir(mode=0o711)
        try:
            with LocalStack(options, table=table) as stack:
                yield stack
        finally:
            remove_data(options.data_dir)
