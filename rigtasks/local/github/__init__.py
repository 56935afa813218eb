"""A sandbox GitHub: a stateful stand-in for github.com on this machine.

It speaks REST, GraphQL and git over HTTP with GitHub's own shapes, so that the rig's client
differs only in its base address. `SandboxGitHub` runs it in this process, `python -m
rigtasks.local.github` in one of its own, and `seeding.Seeder` fills it.
"""

from rigtasks.local.github.hub import Options
from rigtasks.local.github.server import SandboxGitHub

__all__ = ["Options", "SandboxGitHub"]
