"""The rig's side of a GitHub in memory: an `Api` for each identity, and their tokens."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from rigtasks.github.api import Text
from rigtasks.github.errors import NotFound
from rigtasks.github.identities import Account, RepositoryRef, Role
from rigtasks.github.tokens import Token
from rigtasks.testing.memory_github import documents, reads, writes
from rigtasks.testing.memory_github.app_view import MemoryAppView
from rigtasks.testing.memory_github.faults import Asked
from rigtasks.testing.memory_github.hub import MemoryGitHub
from rigtasks.testing.memory_github.model import Repository, Thread
from rigtasks.testing.memory_github.refusals import Refused

T = TypeVar("T")

_TOKEN_SECONDS = 3_600.0
_PAGE = 100
#: Files are read at a commit.
_FIXED = "/contents/"


class MemoryIdentities:
    """The three identities of the rig on a GitHub in memory; `Identities`."""

    def __init__(self, hub: MemoryGitHub) -> None:
        self._hub = hub

    def api(self, role: Role, repository: RepositoryRef) -> "MemoryApi":
        """Return an identity's way to a repository."""
        return MemoryApi(self._hub, role, repository)

    def app_view(self, role: Role) -> MemoryAppView:
        """Return what an identity's App sees beyond one repository."""
        return MemoryAppView(self._hub, role)

    def push_token(self, repository: RepositoryRef) -> Token:
        """Return a token the author may push to this repository with, for an hour."""
        return self._token("push", repository)

    def read_only_token(self, repository: RepositoryRef) -> Token:
        """Return a token that reads the contents of this repository, for an hour."""
        return self._token("read", repository)

    def clone_url(self, repository: RepositoryRef) -> str:
        """Return where the clean clones in memory find the repository."""
        return f"https://memory.test/{repository.full_name}.git"

    def _token(self, kind: str, repository: RepositoryRef) -> Token:
        hub = self._hub
        path = "/app/installations/access_tokens"
        asked = Asked(role=Role.AUTHOR, method="POST", path=path, write=False)
        hub.faults.before(asked)
        found = hub.repository(Role.AUTHOR, repository)
        now = hub.clock().timestamp()
        expires_at = now + _TOKEN_SECONDS
        return Token(
            value=f"memory-{kind}:{found.id}:{expires_at}",
            identity=Role.AUTHOR,
            minted_at=now,
            expires_at=expires_at,
        )


class MemoryApi:
    """One identity's way to one repository; an `Api`.

    Answers are remembered until something in the repository changes.
    """

    def __init__(self, hub: MemoryGitHub, role: Role, repository: RepositoryRef) -> None:
        self.repository = repository
        self._hub = hub
        self._role = role

    def account(self) -> Account:
        """Return the account this identity acts as."""
        return self._hub.apps[self._role].bot

    def pause(self, seconds: float) -> None:
        """Note the pause; time is moved by whoever owns the clock."""
        self._hub.paused_seconds += seconds

    def get(self, path: str, shape: type[T], **query: str | int) -> T:
        """Read one document."""
        return self._read(path, "document", shape, query)

    def find(self, path: str, shape: type[T], **query: str | int) -> T | None:
        """Read one document, None where there is none."""
        try:
            return self.get(path, shape, **query)
        except NotFound:
            return None

    def pages(self, path: str, shape: type[T], **query: str | int) -> list[T]:
        """Read every page of a list."""
        answer: Any = self._read(path, "pages", shape, query)
        found: list[T] = answer
        return found

    def text(self, path: str, accept: str, *, most_bytes: int) -> Text:
        """Read the diff of a pull request, up to a number of bytes."""
        del accept
        found = self._read(path, "diff", str, {})
        data = found.encode()
        cut = data[:most_bytes].decode("utf-8", "replace")
        return Text(text=cut, truncated=len(data) > most_bytes)

    def write(self, method: str, path: str, body: Mapping[str, Any], shape: type[T]) -> T:
        """Change something and return what GitHub says about it."""
        app = self._hub.apps[self._role]
        asked = self._asked(method, path, sha=body.get("sha"))
        return self._change(
            asked, shape, lambda repo: writes.write(self._hub, repo, app, method, path, body)
        )

    def delete(self, path: str) -> None:
        """Delete something; what is not there any more is deleted already."""
        app = self._hub.apps[self._role]
        asked = self._asked("DELETE", path)
        with suppress(NotFound):
            self._change(
                asked,
                type(None),
                lambda repo: writes.delete(self._hub, repo, app, path),
            )

    def query(self, document: str, shape: type[T], **variables: str | int | None) -> T:
        """Read what only GraphQL tells: the threads of a pull request, the edits of an issue."""
        asked = "threads" if "reviewThreads" in document else "edits"
        return self._read(f"/graphql/{asked}", asked, shape, {"number": variables["number"] or 0})

    def mutate(self, document: str, shape: type[T], **variables: str | int | None) -> T:
        """Resolve a review thread, which only GraphQL can."""
        del document
        app = self._hub.apps[self._role]
        thread = str(variables["thread"])
        asked = self._asked("POST", "/graphql/resolve")
        return self._change(
            asked, shape, lambda repo: writes.resolve_thread(self._hub, repo, app, thread)
        )

    def _read(self, path: str, form: str, shape: type[T], query: Mapping[str, str | int]) -> T:
        hub = self._hub
        asked = self._asked("GET", path, write=False)
        hub.faults.before(asked)
        repo = hub.repository(self._role, self.repository)
        question = (form, shape, tuple(query.items()))
        if hub.faults.is_stale(asked) and question in repo.former.get(path, ()):
            known = repo.former[path][question]
        else:
            # Where asking itself changes something, this memory is not the newest any more.
            answers = repo.fixed if path.startswith(_FIXED) else repo.answers
            remembered = answers.get(path)
            if remembered is None:
                remembered = answers[path] = {}
            known = remembered.get(question)
            if known is None:
                known = remembered[question] = self._shown(repo, path, form, shape, query)
        if type(known) is Refused:
            raise known.of("GET", f"/repos/{repo.full_name}{path}") from None
        answer: T = known
        return answer

    def _asked(
        self, method: str, path: str, *, write: bool = True, sha: str | None = None
    ) -> Asked:
        return Asked(
            role=self._role,
            method=method,
            path=path,
            write=write,
            sha=sha,
            repository=self.repository.full_name,
        )

    def _shown(
        self, repo: Repository, path: str, form: str, shape: Any, query: Mapping[str, str | int]
    ) -> Any:
        try:
            document = _FORMS[form](self._hub, repo, path, query)
        except Refused as refused:
            return refused
        return msgspec.convert(document, list[shape] if form == "pages" else shape)

    def _change(self, asked: Asked, shape: type[T], act: Callable[[Repository], Any]) -> T:
        hub = self._hub
        hub.faults.before(asked)
        repo = hub.repository(self._role, self.repository)
        try:
            document = act(repo)
        except Refused as refused:
            raise refused.of(asked.method, f"/repos/{repo.full_name}{asked.path}") from None
        hub.faults.after(asked)
        return msgspec.convert(document, shape)


def _pages(hub: MemoryGitHub, repo: Repository, path: str, query: reads.Query) -> Any:
    found = reads.read(hub, repo, path, query)
    if isinstance(found, dict):
        return [found]
    return [found[at : at + _PAGE] for at in range(0, len(found), _PAGE)] or [[]]


def _diff(_hub: MemoryGitHub, repo: Repository, path: str, _query: reads.Query) -> Any:
    return reads.diff(repo, path)


def _edits(_hub: MemoryGitHub, repo: Repository, _path: str, query: reads.Query) -> Any:
    found = repo.issues.get(int(query["number"]))
    if found is None or found.deleted:
        return {"repository": {"issue": None}}
    editor = found.body_editor
    shown = {
        "lastEditedAt": found.body_edited_at,
        "editor": None if editor is None else {"login": editor.login},
    }
    return {"repository": {"issue": shown}}


def _threads(_hub: MemoryGitHub, repo: Repository, _path: str, query: reads.Query) -> Any:
    pull = repo.pulls.get(int(query["number"]))
    if pull is None:
        return {"repository": {"pullRequest": None}}
    nodes = [_thread(one, pull.head_sha) for one in pull.threads]
    page = {"nodes": nodes, "pageInfo": {"hasNextPage": False, "endCursor": None}}
    return {"repository": {"pullRequest": {"reviewThreads": page}}}


def _thread(found: Thread, head_sha: str) -> dict[str, Any]:
    outdated = found.commit_id != head_sha
    return {
        "id": found.id,
        "isResolved": found.resolved_by is not None,
        "isOutdated": outdated,
        "path": found.path,
        "line": None if outdated else found.line,
        "resolvedBy": _actor(found.resolved_by),
        "comments": {
            "nodes": [
                {
                    "databaseId": found.comment_id,
                    "body": found.body,
                    "author": _actor(found.opened_by),
                }
            ]
        },
    }


def _actor(found: Account | None) -> dict[str, Any] | None:
    shown = documents.account(found)
    return None if shown is None else {"login": shown["login"], "databaseId": shown["id"]}


_FORMS: dict[str, Callable[[MemoryGitHub, Repository, str, reads.Query], Any]] = {
    "document": reads.read,
    "pages": _pages,
    "diff": _diff,
    "threads": _threads,
    "edits": _edits,
}
