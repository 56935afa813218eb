"""Run as `python -I -S <this directory> implement|review`, with the prompt on standard input."""

import importlib.util
import sys
from pathlib import Path

PACKAGE = "rigtasks.agent.scripted"


def load_package() -> None:
    """Make this directory importable under its own name where the rest of the rig is not."""
    here = Path(__file__).parent
    spec = importlib.util.spec_from_file_location(
        PACKAGE, here / "__init__.py", submodule_search_locations=[str(here)]
    )
    if spec is None or spec.loader is None:
        raise SystemExit(f"{here} is no Python package")
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    load_package()
    from rigtasks.agent.scripted.program import main

    sys.exit(main(sys.argv[1:], sys.stdin.buffer.read().decode(errors="replace")))
