"""The walls around code nobody has read yet: what a command may see, write and reach."""

from rigtasks.agent.sandbox.bounds import Bounds, Excess, Watch
from rigtasks.agent.sandbox.probe import Probe, probe
from rigtasks.agent.sandbox.spec import (
    HOME,
    PREFIX,
    WORKDIR,
    Level,
    SandboxSpec,
    WrappedCommand,
    inner_prefix,
    inner_workdir,
)
from rigtasks.agent.sandbox.toolchain import Toolchain, find_toolchain
from rigtasks.agent.sandbox.wrap import wrap

__all__ = [
    "HOME",
    "PREFIX",
    "WORKDIR",
    "Bounds",
    "Excess",
    "Level",
    "Probe",
    "SandboxSpec",
    "Toolchain",
    "Watch",
    "WrappedCommand",
    "find_toolchain",
    "inner_prefix",
    "inner_workdir",
    "probe",
    "wrap",
]
