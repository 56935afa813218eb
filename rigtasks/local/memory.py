"""What the stack's processes cost in memory, and why the large ones are large.

Proportional set size counts a shared page once, split between the processes that map it; so the
rows add up to what the stack really takes. macOS has no such figure: there the unique set size is
shown, and called so.
"""

from collections.abc import Iterable
from pathlib import Path

import msgspec
import psutil

from rigtasks.local.postgres import PostgresServer
from rigtasks.local.records import read_record
from rigtasks.local.valkey import ValkeyServer

MEGABYTE = 1_000_000
NEEDS_REASON_ABOVE = 80 * MEGABYTE

REASONS = {
    "web": "Flask, SQLAlchemy and pydantic, loaded again in each granian worker",
    "worker": "Celery, SQLAlchemy and pydantic, not shared where nothing can be forked",
    "beat": "a whole Celery application is imported to read the schedule",
    "relay": "SQLAlchemy, kombu and the settings model",
    "flower": "Tornado and a whole Celery application; it keeps the last task events in memory",
    "github": "the sandbox's state is held in memory, with its web server and cryptography",
    "postgres": "shared buffers and one process for every open session",
    "valkey": "every hint that waits, and the append-only file's buffer",
    "nursery": "everything that Celery's processes load, which they share with it",
    "rig up": "the launcher itself",
}
"""Why a role may need more than `NEEDS_REASON_ABOVE`."""


class MemoryRow(msgspec.Struct, frozen=True, kw_only=True):
    """The memory of one process.

    Args:
        name: the role its record names.
        pid: the process.
        command: what it runs, shortened.
        bytes: its proportional (macOS: unique) set size.
        reason: why it is large; empty for a process that is not.
    """

    name: str
    pid: int
    command: str
    bytes: int
    reason: str


def stack_processes(data_dir: Path) -> list[tuple[str, psutil.Process]]:
    """Return the live main processes of the stack in this folder, with their roles."""
    found = []
    for path in [data_dir / "stack.json", *sorted((data_dir / "run").glob("*.json"))]:
        record = read_record(path)
        process = record.process() if record is not None else None
        if record is not None and process is not None:
            found.append((record.name, process))
    for name, server in (
        ("postgres", PostgresServer(data_dir=data_dir).process()),
        ("valkey", ValkeyServer(data_dir=data_dir).process()),
    ):
        if server is not None:
            found.append((name, server))
    return found


def measure(roles: Iterable[tuple[str, psutil.Process]]) -> list[MemoryRow]:
    """Return a row for every process of the given trees, under the innermost role it belongs to."""
    roots = list(roles)
    seen = {process.pid for _, process in roots}
    rows = []
    for name, root in sorted(roots, key=_depth, reverse=True):
        for process in _family(root):
            if process is not root and process.pid in seen:
                continue
            seen.add(process.pid)
            row = _row(name, process)
            if row is not None:
                rows.append(row)
    return rows


def _depth(role: tuple[str, psutil.Process]) -> int:
    try:
        return len(role[1].parents())
    except psutil.NoSuchProcess:
        return 0


def _family(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []  # it ended while we looked


def reason_for(name: str, size: int) -> str:
    """Return why a process of this role and size (bytes) is large; empty below the limit."""
    if size <= NEEDS_REASON_ABOVE:
        return ""
    return REASONS.get(name.split("-", maxsplit=1)[0], "no reason is known: look into it")


def _row(name: str, process: psutil.Process) -> MemoryRow | None:
    try:
        memory = process.memory_full_info()
        command = " ".join(process.cmdline()) or process.name()
    except psutil.Error:
        return None  # ended, or another account's
    size = int(getattr(memory, "pss", memory.uss))
    return MemoryRow(
        name=name,
        pid=process.pid,
        command=_short(command),
        bytes=size,
        reason=reason_for(name, size),
    )


def _short(command: str, length: int = 60) -> str:
    words = command.split()
    if words and words[0].startswith("/"):
        words[0] = Path(words[0]).name
    text = " ".join(words)
    return text if len(text) <= length else f"{text[: length - 1]}…"


def memory_table(rows: Iterable[MemoryRow]) -> str:
    """Return the rows as text with a total, largest first."""
    ordered = sorted(rows, key=lambda row: -row.bytes)
    unit = "PSS MB" if psutil.LINUX else "USS MB"
    lines = [_line(unit, "pid", "part", "command", "why above 80 MB")]
    lines += [
        _line(f"{row.bytes / MEGABYTE:.1f}", str(row.pid), row.name, row.command, row.reason)
        for row in ordered
    ]
    total = sum(row.bytes for row in ordered)
    lines.append(_line(f"{total / MEGABYTE:.1f}", "", f"total of {len(ordered)} processes", "", ""))
    return "\n".join(lines)


def _line(size: str, pid: str, part: str, command: str, reason: str) -> str:
    return f"{size:>8}  {pid:>7}  {part:<20}  {command:<60}  {reason}".rstrip()
