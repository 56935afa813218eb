"""The sandbox GitHub as one web server: REST, GraphQL, git over HTTP, pages and its controls."""

import logging
import re
import threading
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache, partial
from types import TracebackType
from typing import Any, Self

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, RequestRedirect, Rule
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from rigtasks.local.github import (
    admin,
    admin_organizations,
    fault_controls,
    media,
    merge_queue,
    pages,
)
from rigtasks.local.github.access import ANONYMOUS, Caller, accepted, identify, sees
from rigtasks.local.github.answers import HttpError, json_response, not_found
from rigtasks.local.github.calls import Call, Route
from rigtasks.local.github.ci import CiRunner
from rigtasks.local.github.conditional import answer_conditionally
from rigtasks.local.github.faults.cut import BreaksOff
from rigtasks.local.github.faults.disturbing import Disturbing
from rigtasks.local.github.faults.injector import FaultInjector
from rigtasks.local.github.githttp import GitOverHttp, bearer_of
from rigtasks.local.github.graphql import execute
from rigtasks.local.github.graphql_types import Context
from rigtasks.local.github.hub import Hub, Options, View
from rigtasks.local.github.limits import RateLimits
from rigtasks.local.github.mergeability import MergeChecks
from rigtasks.local.github.request_cost import Cost, cost_of, is_graphql
from rigtasks.local.github.rest.table import ROUTES
from rigtasks.local.github.services import Services
from rigtasks.local.github.setup import RESERVED_LOGINS, furnish
from rigtasks.local.github.state import State
from rigtasks.local.github.webhooks import WebhookSender

_log = logging.getLogger(__name__)

_GIT = re.compile(r"/([\w.-]+)/([\w.-]+?)(?:\.git)?/(info/refs|git-upload-pack|git-receive-pack)")
_BY_ID = re.compile(r"/repositories/(\d+)(/.*)?")
_ENTERPRISE_PREFIX = "/api/v3"
_FREE_PATH = "/rate_limit"
_NOT_MODIFIED = 304
_HOST = "127.0.0.1"
_POLL_SECONDS = 0.05
_LARGEST_BODY = 100 * 1024 * 1024
_MOST_TOLD = 200

WsgiStart = Callable[..., Any]


class _QuietHandler(WSGIRequestHandler):
    """Serves requests without a line on standard error for each."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing: the callers keep their own records."""

    def connection_dropped(
        self, error: BaseException, environ: dict[str, Any] | None = None
    ) -> None:
        """Hang up for good, also where nothing was sent yet."""
        del error, environ
        self.close_connection = True


def _url_map(routes: Iterable[Route]) -> Map:
    return Map(
        [
            Rule(route.rule, methods=[route.method], endpoint=route, merge_slashes=False)
            for route in routes
        ],
        merge_slashes=False,
        redirect_defaults=False,
        strict_slashes=False,
    )


@cache
def _rest() -> Map:
    """Return GitHub's addresses, made once: it takes as long as all the rest of a start."""
    return _url_map(ROUTES)


@cache
def _controls() -> Map:
    """Return the addresses that only a sandbox has."""
    return _url_map((*admin.ROUTES, *admin_organizations.ROUTES, *fault_controls.ROUTES))


class SandboxGitHub:
    """A stateful stand-in for github.com on this machine.

    Args:
        options: the data folder, the webhook and the limits.
        port: where to listen on 127.0.0.1; 0 takes a free port.
        clock: what time it is; the machine's own by default.
    """

    def __init__(
        self, options: Options, *, port: int = 0, clock: Callable[[], datetime] | None = None
    ) -> None:
        options.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.state = State(options.data_dir / "state.sqlite3", clock)
        self.hub = Hub(options, self.state)
        self.admin_token = furnish(self.hub)
        self.faults = FaultInjector()
        self.limits = RateLimits(options.limits)
        self.services = Services(
            hub=self.hub,
            webhooks=WebhookSender(self.hub, self.faults),
            faults=self.faults,
            merge_checks=MergeChecks(self.hub),
            git_http=GitOverHttp(self.hub),
            ci=CiRunner(self.hub),
            limits=self.limits,
        )
        self.hub.announcers.append(self.services.webhooks.announce)
        self.hub.listeners.append(partial(merge_queue.heard, self.hub))
        if options.run_ci:
            self.hub.listeners.append(self.services.ci.heard)
        self._disturbing = Disturbing(self.state, self.faults)
        self._port = port
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._told: set[str] = set()

    @property
    def url(self) -> str:
        """Return the base address, known once it listens."""
        return self.hub.web

    def start(self) -> None:
        """Listen, and serve in a thread of its own."""
        self._server = make_server(
            _HOST, self._port, BreaksOff(self), threaded=True, request_handler=_QuietHandler
        )
        self.hub.web = f"http://{_HOST}:{self._server.server_port}"
        self.services.webhooks.start()
        if self.hub.options.run_ci:
            self.services.ci.start()
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            args=(_POLL_SECONDS,),
            name="sandbox-github",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, let the work under way end, and close the state; once is enough."""
        if self._stopped:
            return
        self._stopped = True
        self._disturbing.stop()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        self.services.ci.stop()
        self.services.webhooks.stop()
        self.services.merge_checks.stop()
        self.state.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __call__(self, environ: dict[str, Any], start_response: WsgiStart) -> Iterable[bytes]:
        """Answer one WSGI request."""
        request = Request(environ)
        request.max_content_length = _LARGEST_BODY
        response = self._answer(request)
        response.headers.setdefault("X-GitHub-Request-Id", uuid.uuid4().hex[:16].upper())
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        try:
            return self._dispatched(request)
        except HttpError as error:
            return error.response()
        except Exception:  # noqa: BLE001  # told in the log, and answered as GitHub would
            _log.exception("%s %s failed", request.method, request.path)
            return HttpError(500, "Server Error").response()

    def _dispatched(self, request: Request) -> Response:
        path = request.path
        if "\0" in path:
            raise not_found()
        if git := _GIT.fullmatch(path):
            owner, name, rest = git.groups()
            return self._disturbing.answer(
                request,
                path,
                self._known_caller(request),
                lambda: self._git(request, owner, name, rest),
            )
        if path.startswith("/_sandbox/"):
            return self._control(request)
        if request.method == "GET" and self._is_page(request):
            with self.state.lock:
                return pages.serve(self.hub, request)
        api = self.url
        if path.startswith(f"{_ENTERPRISE_PREFIX}/"):
            path, api = path.removeprefix(_ENTERPRISE_PREFIX), api + _ENTERPRISE_PREFIX
        view = View(api=api, web=self.url)
        caller = self._known_caller(request)
        with self.limits.open_request(caller):
            return self._disturbing.answer(
                request, path, caller, lambda: self._api_call(request, view, path)
            )

    def _known_caller(self, request: Request) -> Caller:
        """Return who asks, as far as that can be told: anonymous where the token is no good."""
        try:
            with self.state.lock:
                return self._caller(request)
        except HttpError:
            return ANONYMOUS

    def _is_page(self, request: Request) -> bool:
        owner, _, rest = request.path.removeprefix("/").partition("/")
        return request.path == "/" or (owner.lower() not in RESERVED_LOGINS and rest != "")

    def _caller(self, request: Request) -> Caller:
        bearer = bearer_of(request.headers.get("Authorization"))
        return identify(self.state, bearer)

    def _git(self, request: Request, owner: str, name: str, path: str) -> Response:
        with self.state.lock:
            caller = self._git_caller(request)
            named = self.hub.repository(owner, name)
            repo = named or self.hub.renamed_repository(owner, name)
        if repo is None or not sees(caller, repo):
            if caller is ANONYMOUS:
                raise _ask_for_token("Authentication required")
            raise HttpError(404, "Repository not found.")
        if named is None and request.method == "GET":  # git follows no redirect of what it sends
            query = f"?{request.query_string.decode('ascii', 'replace')}".rstrip("?")
            address = f"{self.url}/{self.hub.full_name(repo)}.git/{path}{query}"
            return Response(status=301, headers={"Location": address})
        return self.services.git_http.serve(request, caller, repo, path)

    def _git_caller(self, request: Request) -> Caller:
        try:
            return self._caller(request)
        except HttpError as error:
            raise _ask_for_token("Invalid username or token.") from error

    def _control(self, request: Request) -> Response:
        view = View(api=self.url, web=self.url)
        route, arguments = _matched(_controls(), request, request.path)
        call = Call(self.services, request, ANONYMOUS, view, request.path, arguments)
        admin.check_token(call, self.admin_token)
        with self.state.change():
            return route.handler(call)

    def _api_call(self, request: Request, view: View, path: str) -> Response:
        cost = cost_of(request, path)
        try:
            with self.state.lock:
                caller = self._caller(request)
        except HttpError as error:
            return self._counted(request, ANONYMOUS, path, cost, error.response())
        try:
            with self.state.change():
                if path != _FREE_PATH:
                    self.limits.admit(caller, cost, self.state.now())
                response = self._routed(request, caller, view, path)
        except HttpError as error:
            response = error.response()
        if not is_graphql(request.method, path):
            response = answer_conditionally(request, response)
        return self._counted(request, caller, path, cost, response)

    def _counted(
        self, request: Request, caller: Caller, path: str, cost: Cost, response: Response
    ) -> Response:
        """Take the call off the caller's allowance: not modified is free, as is to ask for it."""
        now = self.state.now()
        if path != _FREE_PATH and response.status_code != _NOT_MODIFIED:
            self.limits.count(caller, cost, now)
        self.limits.stamp(response, caller, cost.resource, now)
        kind = media.understood(request.headers.get("Accept", ""))
        response.headers.setdefault("X-GitHub-Media-Type", kind)
        return response

    def _routed(self, request: Request, caller: Caller, view: View, path: str) -> Response:
        if is_graphql(request.method, path):
            return self._graphql(request, caller, view, path)
        if by_id := _BY_ID.fullmatch(path):
            repo = self.state.repositories.find(int(by_id[1]))
            if repo is None:
                raise not_found()
            path = f"/repos/{self.hub.full_name(repo)}{by_id[2] or ''}"
        try:
            route, arguments = _matched(_rest(), request, path)
        except HttpError:
            self._tell_of_unknown(f"{request.method} {path!r}")
            raise
        call = Call(self.services, request, caller, view, path, arguments)
        told = {}
        if route.needs and caller.installation is not None:
            told["X-Accepted-GitHub-Permissions"] = accepted(route.needs)
        try:
            if route.needs:
                call.require(route.needs)
            if not route.archived:
                call.check_writable()
            response = route.handler(call)
        except HttpError as error:
            error.headers |= told
            raise
        response.headers.update(told)
        return response

    def _tell_of_unknown(self, call: str) -> None:
        """Write once to the log what no sandbox has: its 404 looks like that of a missing row."""
        if call not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(call)
            _log.warning("the sandbox GitHub has no %s", call)

    def _graphql(self, request: Request, caller: Caller, view: View, path: str) -> Response:
        if caller is ANONYMOUS:
            raise HttpError(401, "This endpoint requires you to be authenticated.")
        call = Call(self.services, request, caller, view, path, {})
        context = Context(hub=self.hub, caller=caller, merge_checks=self.services.merge_checks)
        return json_response(execute(context, call.body))


def _matched(url_map: Map, request: Request, path: str) -> tuple[Route, dict[str, Any]]:
    try:
        route, arguments = url_map.bind(_HOST).match(path, method=request.method)
    except (NotFound, MethodNotAllowed, RequestRedirect) as error:
        raise not_found() from error
    if not isinstance(route, Route):
        raise not_found()
    return route, dict(arguments)


def _ask_for_token(message: str) -> HttpError:
    return HttpError(401, message, headers={"WWW-Authenticate": 'Basic realm="GitHub"'})
