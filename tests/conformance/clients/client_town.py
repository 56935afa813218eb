"""What a client that nobody here wrote gets to work with."""

from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from typing import Any

from rigtasks.local.github.seeding import Person
from rigtasks.testing.mailbox import Arrived

SECRET = "shared between two"
FILES = {"price.py": "def price(x):\n    return int(x)\n", "README.md": "# Shop\n"}


@dataclass(frozen=True)
class Town:
    """A repository `octo/NAME` of mona, the rig's Apps, and the webhooks that were sent."""

    url: str
    repo: str
    mona: Person
    apps: dict[str, dict[str, Any]]
    webhooks: "Queue[Arrived]"

    def key_of(self, role: str) -> str:
        return Path(self.apps[role]["private_key_path"]).read_text()
