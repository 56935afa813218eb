"""Git over HTTP: `git http-backend` as a CGI program, with tokens, permissions and push rules.

A push is judged ref by ref in an `update` hook that belongs to the forge; see `push_judge`.
"""

import base64
import binascii
import os
import subprocess
import tempfile
import threading
from typing import IO

from werkzeug.wrappers import Request, Response

from rigtasks.local.github import push_judge, pushes
from rigtasks.local.github.access import Caller, CallerKind, allowed_to_app, may_push, require
from rigtasks.local.github.answers import HttpError
from rigtasks.local.github.git import BareRepository, environment
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.model import Repository
from rigtasks.local.github.push_judge import Move

_BACKEND_SECONDS = 120
_CHUNK = 65_536


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
            self._require(caller, repo, pushing=pushing)
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
        with tempfile.TemporaryFile() as body, tempfile.NamedTemporaryFile() as listed:
            _copy(request.stream, body)
            moves = push_judge.moves(body)
            with self._hub.state.lock:
                self._check_maintainer(caller, repo, moves)
                listed.write(push_judge.listed(self._hub, repo, moves, caller.account))
                listed.flush()
            rules = {
                "SANDBOX_REFUSALS": listed.name,
                "SANDBOX_RULES_PAGE": f"{self._hub.web}/{self._hub.full_name(repo)}/rules",
                "REMOTE_USER": caller.account.login,
            }
            by_app = caller.kind is CallerKind.INSTALLATION
            if by_app and not allowed_to_app(caller, "workflows", "write"):
                rules["SANDBOX_NO_WORKFLOWS"] = "1"
            before = _listed(git, moves)
            response = self._backend(request, repo, "git-receive-pack", rules, body)
            response.set_data(push_judge.with_reasons(response.get_data()))
            with self._hub.state.change():
                after = _listed(git, moves)
                pushes.refs_moved(self._hub, repo, before, after, caller.account)
        return response

    def _require(self, caller: Caller, repo: Repository, *, pushing: bool) -> None:
        if pushing and repo.archived:
            raise HttpError(403, "This repository was archived so it is read-only.")
        try:
            require(caller, repo, "contents", "write" if pushing else "read")
        except HttpError:
            if not self._maintained(caller, repo):
                raise

    def _maintained(self, caller: Caller, repo: Repository) -> set[str]:
        """Return the branches of a fork that the maintainers of the original may change."""
        if caller.kind is not CallerKind.PERSONAL or repo.parent_id is None:
            return set()
        state = self._hub.state
        return {
            pull.head_ref
            for pull in state.pulls.all()
            if pull.fork_id == repo.id
            and pull.maintainer_can_modify
            and may_push(caller, repo, into=state.repositories.get(pull.repository_id), modify=True)
        }

    def _check_maintainer(self, caller: Caller, repo: Repository, moves: list[Move]) -> None:
        try:
            require(caller, repo, "contents", "write")
        except HttpError:
            allowed = {f"refs/heads/{branch}" for branch in self._maintained(caller, repo)}
            if any(move.ref not in allowed for move in moves):
                raise

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


def _listed(git: BareRepository, moves: list[Move]) -> dict[str, str]:
    named = {move.ref for move in moves}
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
