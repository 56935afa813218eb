"""The only place that starts git: a clean environment, bounded output, no way to leak a token."""

import base64
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, Self

from rigtasks.workspace.errors import GitFailed, GitStopped, GitTimeout

DEFAULT_TIMEOUT: Final = 120.0
DEFAULT_MOST_OUTPUT: Final = 64 * 1024 * 1024
_MOST_STDERR: Final = 16 * 1024
_CHUNK: Final = 64 * 1024
_HIDDEN: Final = "***"
_TICK: Final = 0.1

#: How an operator names proxies and certificate authorities; nothing else is inherited.
_INHERITED: Final = (
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "no_proxy",
    "NO_PROXY",
    "GIT_SSL_CAINFO",
    "SSL_CERT_FILE",
)

#: Settings that hold for every command, whatever a repository's own configuration says.
_SETTINGS: Final = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.quotePath": "false",
    "core.protectHFS": "true",
    "core.protectNTFS": "true",
    "credential.helper": "",
    "fetch.recurseSubmodules": "false",
    "submodule.recurse": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.allow": "never",
    "protocol.http.allow": "always",
    "protocol.https.allow": "always",
    "transfer.credentialsInUrl": "die",
    "advice.detachedHead": "false",
    "init.defaultBranch": "main",
    "commit.gpgSign": "false",
    "push.gpgSign": "false",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A repository on the other side of HTTP.

    Args:
        url: the clone URL, without any credential in it.
        token: an installation or personal token, None to stay anonymous.
    """

    url: str
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        scheme, separator, rest = self.url.partition("://")
        authority = rest.partition("/")[0]
        if not separator or scheme not in {"http", "https"} or "@" in authority:
            raise ValueError("A remote is an http(s) URL without a user name or password.")

    def authorization(self) -> str | None:
        """Return the header that carries the token."""
        if self.token is None:
            return None
        pair = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        return f"Authorization: Basic {pair}"

    def redact(self, text: str) -> str:
        """Remove the token, in each form it is sent in, from a text."""
        if self.token is None:
            return text
        header = self.authorization() or ""
        for secret in (header.rpartition(" ")[2], self.token):
            text = text.replace(secret, _HIDDEN)
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """How a git command ended.

    Args:
        truncated: standard output was longer than allowed and git was stopped there.
    """

    returncode: int
    stdout: bytes
    stderr: str
    truncated: bool = False

    @property
    def text(self) -> str:
        """Standard output as text without the last line end."""
        return self.stdout.decode("utf-8", "replace").rstrip("\n")


def never() -> bool:
    """Say that there is no reason to stop."""
    return False


class Git:
    """Run git in one directory that only the rig writes to.

    Args:
        directory: the repository, bare or with a work tree; it must exist.
        timeout: seconds a command may take unless it says otherwise.
        stop: asked about ten times a second; true kills the command.
    """

    def __init__(
        self,
        directory: Path,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        stop: Callable[[], bool] = never,
    ) -> None:
        self.directory = directory
        self._timeout = timeout
        self._stop = stop

    def run(
        self,
        *arguments: str,
        remote: Remote | None = None,
        stdin: bytes = b"",
        settings: Mapping[str, str] | None = None,
        timeout: float | None = None,
        most_output: int = DEFAULT_MOST_OUTPUT,
        most_memory: int | None = None,
    ) -> Completed:
        """Run a command and return how it ended, whatever its exit code.

        Args:
            arguments: the words after `git`; never a secret, other users can read them.
            remote: whose token to send along; the URL itself belongs into the arguments.
            stdin: what the command reads from standard input.
            settings: configuration for this command only.
            timeout: seconds for this command, None for the usual ones.
            most_output: bytes of standard output to keep before git is stopped.
            most_memory: bytes of memory git may use, where the system can limit that (Linux).

        Raises:
            GitTimeout: it did not end in time.
            GitStopped: there was a reason to stop.
        """
        limit = timeout or self._timeout
        with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as errors:
            source.write(stdin)
            source.seek(0)
            process = subprocess.Popen(  # noqa: S603 - words from the rig, no shell
                ["git", *arguments],  # noqa: S607 - git is found on PATH
                cwd=self.directory,
                env=environment(self.directory, remote, settings or {}),
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
            if most_memory is not None:
                _limit_memory(process, most_memory)
            watch = _Watch(process, limit, self._stop)
            output, truncated = _collect(process, watch, most_output)
            said = _tail(errors)
        if watch.stopped:
            raise GitStopped(f"git {arguments[0]} was stopped with its run.")
        if watch.late:
            raise GitTimeout(f"git {arguments[0]} took longer than {limit:g} s and was stopped.")
        return Completed(
            returncode=process.returncode,
            stdout=output,
            stderr=remote.redact(said) if remote else said,
            truncated=truncated,
        )

    def read(
        self,
        *arguments: str,
        stdin: bytes = b"",
        settings: Mapping[str, str] | None = None,
        most_output: int = DEFAULT_MOST_OUTPUT,
    ) -> Completed:
        """Run a local command that has to succeed.

        Raises:
            GitFailed: git ended with another exit code than 0.
            GitTimeout: it did not end in time.
        """
        done = self.run(*arguments, stdin=stdin, settings=settings, most_output=most_output)
        if done.returncode != 0 and not done.truncated:
            raise GitFailed(f"git {arguments[0]} failed", stderr=done.stderr)
        return done


def environment(
    directory: Path, remote: Remote | None, settings: Mapping[str, str]
) -> dict[str, str]:
    """Return the whole environment of a git command, PATH and the way out included."""
    configuration = {**_SETTINGS, "safe.directory": str(directory.resolve()), **settings}
    header = remote.authorization() if remote else None
    if remote and header:
        configuration[f"http.{remote.url}.extraHeader"] = header
    variables = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    variables |= {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_CEILING_DIRECTORIES": str(directory.resolve().parent),
        "GIT_CONFIG_COUNT": str(len(configuration)),
    }
    for index, (key, value) in enumerate(configuration.items()):
        variables[f"GIT_CONFIG_KEY_{index}"] = key
        variables[f"GIT_CONFIG_VALUE_{index}"] = value
    return variables


class _Watch:
    """Kills a process, from a thread of its own, that takes too long or has to stop."""

    def __init__(
        self, process: subprocess.Popen[bytes], limit: float, stop: Callable[[], bool]
    ) -> None:
        self.late = False
        self.stopped = False
        self._process = process
        self._deadline = time.monotonic() + limit
        self._stop = stop
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="git", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(min(_TICK, max(0.0, self._deadline - time.monotonic()))):
            self.stopped = self._stop()
            self.late = time.monotonic() >= self._deadline
            if self.stopped or self.late:
                _kill(self._process)
                return


def _collect(
    process: subprocess.Popen[bytes], watch: _Watch, most_output: int
) -> tuple[bytes, bool]:
    """Read what a process prints; stop its whole session when it says or takes too much."""
    kept = bytearray()
    try:
        with watch:
            if process.stdout is None:
                raise GitFailed("git was started without a pipe")
            with process.stdout as pipe:
                while len(kept) <= most_output and (chunk := os.read(pipe.fileno(), _CHUNK)):
                    kept += chunk
            truncated = len(kept) > most_output
            if truncated:
                _kill(process)
            process.wait()
    finally:
        if process.returncode is None:
            _kill(process)
            process.wait()
    return bytes(kept[:most_output]), truncated


def _limit_memory(process: subprocess.Popen[bytes], most: int) -> None:
    if sys.platform != "linux":
        return
    try:
        resource.prlimit(process.pid, resource.RLIMIT_AS, (most, most))
    except ProcessLookupError:
        return  # it has ended already


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it ended in the same moment


def _tail(errors: IO[bytes]) -> str:
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - _MOST_STDERR))
    return errors.read().decode("utf-8", "replace")
