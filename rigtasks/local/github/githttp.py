"""Git over HTTP: `git http-backend` as a CGI program, with tokens, permissions and push rules.

A push is judged ref by ref in an `update` hook that belongs to the forge. Git reports any refusal
as "hook declined"; the answer is rewritten so that the client reads GitHub's own words.
"""

import base64
import binascii
import os
import re
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import IO

from werkzeug.wrappers import Request, Response

from rigtasks.local.github import pushes
from rigtasks.local.github.access import Caller, CallerKind, allowed_to_app, require, role_of
from rigtasks.local.github.answers import HttpError
from rigtasks.local.github.git import BareRepository, environment
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.model import Repository

_BACKEND_SECONDS = 120
_CHUNK = 65_536
_SIDE_BAND_ROOM = 60_000
_UPDATE_HOOK = """#!/bin/sh
# Judges one ref of a push: name, old object, new object.
zero=0000000000000000000000000000000000000000
case "$1" in
  refs/heads/*|refs/tags/*) ;;
  *) echo "error: deny updating a hidden ref" >&2; exit 1 ;;
esac
for protected in $SANDBOX_PROTECTED; do
  if [ "$1" = "refs/heads/$protected" ]; then
    echo "error: GH006: Protected branch update failed for $1." >&2
    echo "error: Changes must be made through a pull request." >&2
    exit 1
  fi
done
if [ "$3" != "$zero" ] && [ -n "$SANDBOX_NO_WORKFLOWS" ]; then
  touched=$(git log --format= --name-only "$3" --not --all -- .github/workflows | head -n 1)
  if [ -n "$touched" ]; then
    subject="refusing to allow a GitHub App to create or update workflow"
    echo "$subject \\`$touched\\` without \\`workflows\\` permission" >&2
    exit 1
  fi
fi
exit 0
"""
_WORKFLOW_REFUSAL = re.compile(rb"(refusing to allow a GitHub App [^\n]*permission)")


def write_hooks(folder: Path) -> None:
    """Write the only hook the forge runs."""
    folder.mkdir(parents=True, exist_ok=True)
    hook = folder / "update"
    hook.write_text(_UPDATE_HOOK, encoding="utf-8")
    hook.chmod(0o755)


class GitOverHttp:
    """Serves clone, fetch and push of every repository."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._push_locks: dict[int, threading.Lock] = {}

    def serve(self, request: Request, caller: Caller, repo: Repository, path: str) -> Response:
        """Answer one request of git's smart protocol.

        Args:
            request: the request.
            caller: who was authenticated.
            repo: whose repository.
            path: the address after `{repo}.git/`.

        Raises:
            HttpError: 401, 403 or 404 where the caller may not do that.
        """
        service = request.args.get("service", path)
        pushing = service == "git-receive-pack"
        if path not in {"info/refs", "git-upload-pack", "git-receive-pack"}:
            raise HttpError(404, "Not Found")
        if caller.kind is CallerKind.ANONYMOUS and (pushing or repo.private):
            raise HttpError(
                401, "Authentication required", headers={"WWW-Authenticate": 'Basic realm="GitHub"'}
            )
        with self._hub.state.lock:
            require(caller, repo, "contents", "write" if pushing else "read")
        if path == "git-receive-pack":
            lock = self._push_locks.setdefault(repo.id, threading.Lock())
            with lock:
                return self._receive(request, caller, repo)
        with tempfile.TemporaryFile() as body:
            _copy(request.stream, body)
            return self._backend(request, repo, path, {}, body)

    def _receive(self, request: Request, caller: Caller, repo: Repository) -> Response:
        if caller.account is None:
            raise HttpError(403, "Forbidden")
        git = self._hub.git(repo)
        protected = self._protected_from(caller, repo)
        rules = {"SANDBOX_PROTECTED": " ".join(protected), "REMOTE_USER": caller.account.login}
        by_app = caller.kind is CallerKind.INSTALLATION
        if by_app and not allowed_to_app(caller, "workflows", "write"):
            rules["SANDBOX_NO_WORKFLOWS"] = "1"
        with tempfile.TemporaryFile() as body:
            _copy(request.stream, body)
            named = _named_refs(body)
            before = _listed(git, named)
            response = self._backend(request, repo, "git-receive-pack", rules, body)
            response.set_data(_with_reasons(response.get_data(), protected))
            with self._hub.state.change():
                after = _listed(git, named)
                pushes.refs_moved(self._hub, repo, before, after, caller.account)
        return response

    def _protected_from(self, caller: Caller, repo: Repository) -> list[str]:
        person = caller.account if caller.kind is CallerKind.PERSONAL else None
        branches = []
        with self._hub.state.lock:
            for protection in self._hub.state.protections.all():
                if protection.repository_id != repo.id:
                    continue
                overrides = (
                    person is not None
                    and role_of(repo, person) == "admin"
                    and not protection.enforce_admins
                )
                if not overrides:
                    branches.append(protection.branch)
        return branches

    def _backend(
        self,
        request: Request,
        repo: Repository,
        path: str,
        extra: dict[str, str],
        body: IO[bytes],
    ) -> Response:
        variables = {
            "GIT_PROJECT_ROOT": str(self._hub.git(repo).path.parent),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{repo.id}.git/{path}",
            "REQUEST_METHOD": request.method,
            "QUERY_STRING": request.query_string.decode("ascii", "replace"),
            "CONTENT_TYPE": request.content_type or "",
            "REMOTE_ADDR": "127.0.0.1",
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            **extra,
        }
        if request.method == "POST":
            variables["CONTENT_LENGTH"] = str(body.seek(0, os.SEEK_END))
        body.seek(0)
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                ["git", "http-backend"],  # noqa: S607  # git is found on PATH
                env=environment(variables),
                stdin=body,
                stdout=output,
                stderr=subprocess.PIPE,
                check=False,
                timeout=_BACKEND_SECONDS,
            )
            output.seek(0)
            answer = output.read()
        if done.returncode and not answer:
            raise HttpError(500, done.stderr.decode("utf-8", "replace"))
        return _cgi_response(answer)


def bearer_of(header: str | None) -> str | None:
    """Return the token of an Authorization header, in any of the schemes GitHub takes.

    Raises:
        HttpError: 401 when the header makes no sense.
    """
    if header is None:
        return None
    scheme, _, value = header.partition(" ")
    if scheme.lower() in {"bearer", "token"} and value:
        return value.strip()
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise HttpError(401, "Bad credentials") from error
        user, _, password = decoded.partition(":")
        return password if password and password != "x-oauth-basic" else user  # noqa: S105  # git's literal
    raise HttpError(401, "Bad credentials")


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    while chunk := source.read(_CHUNK):
        target.write(chunk)


def _named_refs(body: IO[bytes]) -> set[str]:
    """Return the refs that a receive-pack request wants to move."""
    body.seek(0)
    named = set()
    while (length := int(body.read(4) or b"0", 16)) > 4:  # noqa: PLR2004  # four digits of length
        command = body.read(length - 4).split(b"\0", 1)[0].decode("utf-8", "replace").rstrip("\n")
        if command.count(" ") >= 2:  # noqa: PLR2004  # old, new, ref
            named.add(command.split(" ", 2)[2])
    return named


def _listed(git: BareRepository, named: set[str]) -> dict[str, str]:
    return {ref: sha for ref, sha in git.refs("refs/").items() if ref in named}


def _cgi_response(output: bytes) -> Response:
    head, _, body = output.partition(b"\r\n\r\n")
    response = Response(body)
    response.headers.clear()
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(": ")
        if name.lower() == "status":
            response.status_code = int(value.split(" ", 1)[0])
        elif name:
            response.headers[name] = value
    response.headers["Content-Length"] = str(len(body))
    return response


def _with_reasons(answer: bytes, protected: list[str]) -> bytes:
    """Put GitHub's words for a refusal where git only says that a hook declined."""
    if b"hook declined" not in answer:
        return answer
    bands: dict[int, bytes] = {1: b"", 2: b""}
    for packet in _packets(answer):
        if packet and packet[0] in bands:
            bands[packet[0]] += packet[1:]
    refusal = _WORKFLOW_REFUSAL.search(bands[2])
    report = b""
    for line in _packets(bands[1]):
        text = line
        if line.startswith(b"ng ") and line.rstrip().endswith(b"hook declined"):
            ref = line.split(b" ", 2)[1]
            branch = ref.decode("utf-8", "replace").removeprefix("refs/heads/")
            if branch in protected:
                text = b"ng " + ref + b" protected branch hook declined\n"
            elif refusal is not None:
                text = b"ng " + ref + b" " + refusal[1] + b"\n"
        report += _packet(text)
    report += b"0000"
    pieces = [
        _packet(b"\x02" + bands[2][start : start + _SIDE_BAND_ROOM])
        for start in range(0, len(bands[2]), _SIDE_BAND_ROOM)
    ]
    return b"".join([*pieces, _packet(b"\x01" + report), b"0000"])


def _packets(stream: bytes) -> list[bytes]:
    packets = []
    position = 0
    while position + 4 <= len(stream):
        length = int(stream[position : position + 4], 16)
        if length >= 4:  # noqa: PLR2004  # the length counts its own four digits
            packets.append(stream[position + 4 : position + length])
        position += max(length, 4)
    return packets


def _packet(content: bytes) -> bytes:
    return f"{len(content) + 4:04x}".encode() + content
