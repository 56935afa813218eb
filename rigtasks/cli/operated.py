"""The rig that a verb is about: the database of the environment, or of a running local stack."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rigtasks.config import ConfigurationError, load_settings
from rigtasks.eventstore.connection import Connection
from rigtasks.eventstore.database import Stores, stores_on
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.local.stack import Addresses, read_addresses
from rigtasks.shell import IssueShell
from webhook_receiver.reading.database import ReadDatabase

DEFAULT_FOLDER = Path(".rig")
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatedRig:
    """What the verbs of operators work with.

    Args:
        database_url: of the rig.
        stores: its tables, over one connection.
        shell: gives commands to issues.
        reading: for questions only; it cannot write.
    """

    database_url: str
    stores: Stores
    shell: IssueShell
    reading: ReadDatabase


@contextmanager
def operated_rig(data_dir: Path | None) -> Iterator[OperatedRig]:
    """Yield the rig a verb is about, and close its connections afterwards.

    Args:
        data_dir: the folder of a running stack; None takes DATABASE_URL, else the stack in `.rig`.

    Raises:
        ConfigurationError: nothing names a database, or no stack runs in the folder.
    """
    adopt_stack(data_dir)
    settings = load_settings()
    url = settings.database_url.get_secret_value()
    connection, reading = Connection(url, application_name="rig operator"), ReadDatabase(url)
    stores = stores_on(connection)
    shell = IssueShell(stores, settings.timers)
    try:
        yield OperatedRig(database_url=url, stores=stores, shell=shell, reading=reading)
    finally:
        reading.close()
        connection.close()


def adopt_stack(data_dir: Path | None) -> None:
    """Take over the addresses of a running stack as this process's own environment.

    Raises:
        ConfigurationError: nothing names a database, or no stack runs in the folder.
    """
    if data_dir is None and os.environ.get("DATABASE_URL"):
        return
    folder = (data_dir or DEFAULT_FOLDER).resolve()
    addresses = read_addresses(folder)
    if addresses is None:
        raise ConfigurationError(
            f"no stack is running in {folder}: start one with rig up, name its folder with "
            "--data-dir, or set DATABASE_URL"
        )
    os.environ["DATABASE_URL"] = addresses.database_url
    os.environ.update(_sandbox(addresses, folder))


def _sandbox(addresses: Addresses, folder: Path) -> dict[str, str]:
    """Return what reaches the stack's sandbox GitHub; nothing where it works on a real one."""
    apps = folder / "github" / "apps.json"
    if urlsplit(addresses.github).hostname != _LOOPBACK or not apps.is_file():
        return {}
    return {
        "RIG_SANDBOX_GITHUB": "1",
        "RIG_GITHUB_API_URL": addresses.github,
        "RIG_GITHUB_WEB_URL": addresses.github,
        "RIG_APPS_FILE": str(apps),
        "RIG_DATA_DIR": str(folder),
    }


def operator() -> Actor:
    """Return who types: the account of the operating system."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = f"uid {os.getuid()}"  # a container may run as a number without a name
    return Actor(kind=ActorKind.OPERATOR, id=name)
