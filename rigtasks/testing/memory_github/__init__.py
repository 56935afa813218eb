"""A GitHub in memory, for simulations and quick tests: deterministic, without threads or sockets.

It passes the conformance suite that the client passes against the sandbox GitHub.
"""

from rigtasks.testing.memory_github.api import MemoryApi, MemoryIdentities
from rigtasks.testing.memory_github.app_view import MemoryAppView
from rigtasks.testing.memory_github.clones import MemoryCheckout, MemoryCleanClones
from rigtasks.testing.memory_github.faults import Asked, Faults, NoFaults
from rigtasks.testing.memory_github.hub import MemoryGitHub
from rigtasks.testing.memory_github.webhook import Posted, Webhook

__all__ = [
    "Asked",
    "Faults",
    "MemoryApi",
    "MemoryAppView",
    "MemoryCheckout",
    "MemoryCleanClones",
    "MemoryGitHub",
    "MemoryIdentities",
    "NoFaults",
    "Posted",
    "Webhook",
]
