"""Run a shell line in a sandbox, in a process that a test can kill: LEVEL FOLDER LINE."""

import sys
from pathlib import Path

from sandbox_yard import Eyes

from rigtasks.agent.sandbox import Level, SandboxSpec
from rigtasks.agent.walls import Walls

level, folder, line = sys.argv[1:]
spec = SandboxSpec(workdir=Path(folder) / "work", scratch=Path(folder) / "home", mark=folder)
Walls(level=Level(level)).run(("/bin/sh", "-c", line), spec=spec, stdin=b"", watcher=Eyes())
