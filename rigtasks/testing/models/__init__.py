"""Models that follow a script, served on loopback as the real command lines expect it."""

from rigtasks.testing.models.script import (
    Ask,
    Fail,
    Hang,
    Request,
    Run,
    Say,
    Script,
    Step,
    in_order,
)
from rigtasks.testing.models.server import ModelServer

__all__ = [
    "Ask",
    "Fail",
    "Hang",
    "ModelServer",
    "Request",
    "Run",
    "Say",
    "Script",
    "Step",
    "in_order",
]
