"""The sandbox GitHub as one web server: REST, GraphQL, git over HTTP, pages and its controls."""

import logging
import re
import threading
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, RequestRedirect, Rule
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from rigtasks.local.github import admin, pages
from rigtasks.local.github.access import ANONYMOUS, Caller, identify, sees
from rigtasks.local.github.answers import HttpError, json_response, not_found, with_entity_tag
from rigtasks.local.github.calls import Call, Route
from rigtasks.local.github.ci import CiRunner
from rigtasks.local.github.githttp import GitOverHttp, bearer_of
from rigtasks.local.github.graphql import execute
from rigtasks.local.github.graphql_types import Context
from rigtasks.local.github.hub import Hub, Options, View
from rigtasks.local.github.limits import RateLimits
from rigtasks.local.github.pulls import MergeChecks
from rigtasks.local.github.rest import apps, checks, file_commits, issues, pulls, refs, repositories
from rigtasks.local.github.services import Services
from rigtasks.local.github.setup import RESERVED_LOGINS, furnish
from rigtasks.local.github.state import State
from rigtasks.local.github.webhooks import WebhookSender

_log = logging.getLogger(__name__)

_GIT = re.compile(r"/([\w.-]+)/([\w.-]+?)(?:\.git)?/(info/refs|git-upload-pack|git-receive-pack)")
_BY_ID = re.compile(r"/repositories/(\d+)(/.*)?")
_ENTERPRISE_PREFIX = "/api/v3"
_GRAPHQL_PATHS = {"/graphql", "/api/graphql"}
_HOST = "127.0.0.1"
_POLL_SECONDS = 0.05
_LARGEST_BODY = 100 * 1024 * 1024

WsgiStart = Callable[..., Any]


class _QuietHandler(WSGIRequestHandler):
    """Serves requests without a line on standard error for each."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing: the callers keep their own records."""


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
        self.services = Services(
            hub=self.hub,
            webhooks=WebhookSender(self.hub),
            merge_checks=MergeChecks(self.hub),
            git_http=GitOverHttp(self.hub),
            ci=CiRunner(self.hub),
        )
        self.hub.announcers.append(self.services.webhooks.announce)
        if options.run_ci:
            self.hub.listeners.append(self.services.ci.heard)
        self._limits = RateLimits(options.rate_limit)
        self._rest = _url_map(
            (
                *apps.ROUTES,
                *repositories.ROUTES,
                *file_commits.ROUTES,
                *refs.ROUTES,
                *issues.ROUTES,
                *pulls.ROUTES,
                *checks.ROUTES,
                Route(method="GET", rule="/rate_limit", handler=self._rate_limit),
            )
        )
        self._controls = _url_map(admin.ROUTES)
        self._port = port
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None
        self._stopped = False

    @property
    def url(self) -> str:
        """Return the base address, known once it listens."""
        return self.hub.web

    def start(self) -> None:
        """Listen, and serve in a thread of its own."""
        self._server = make_server(
            _HOST, self._port, self, threaded=True, request_handler=_QuietHandler
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
            return self._git(request, *git.groups())
        if path.startswith("/_sandbox/"):
            return self._control(request)
        if request.method == "GET" and self._is_page(request):
            with self.state.lock:
                return pages.serve(self.hub, request)
        return self._rest_call(request)

    def _is_page(self, request: Request) -> bool:
        owner, _, rest = request.path.removeprefix("/").partition("/")
        return request.path == "/" or (owner.lower() not in RESERVED_LOGINS and rest != "")

    def _caller(self, request: Request) -> Caller:
        bearer = bearer_of(request.headers.get("Authorization"))
        return identify(self.state, bearer)

    def _git(self, request: Request, owner: str, name: str, path: str) -> Response:
        with self.state.lock:
            caller = self._git_caller(request)
            repo = self.hub.repository(owner, name) or self.hub.renamed_repository(owner, name)
        if repo is None or not sees(caller, repo):
            if caller is ANONYMOUS:
                raise _ask_for_token("Authentication required")
            raise HttpError(404, "Repository not found.")
        return self.services.git_http.serve(request, caller, repo, path)

    def _git_caller(self, request: Request) -> Caller:
        try:
            return self._caller(request)
        except HttpError as error:
            raise _ask_for_token("Invalid username or token.") from error

    def _control(self, request: Request) -> Response:
        view = View(api=self.url, web=self.url)
        route, arguments = _matched(self._controls, request, request.path)
        call = Call(self.services, request, ANONYMOUS, view, request.path, arguments)
        admin.check_token(call, self.admin_token)
        with self.state.change():
            return route.handler(call)

    def _rest_call(self, request: Request) -> Response:
        path, api = request.path, self.url
        if path.startswith(f"{_ENTERPRISE_PREFIX}/"):
            path, api = path.removeprefix(_ENTERPRISE_PREFIX), self.url + _ENTERPRISE_PREFIX
        caller = ANONYMOUS
        with self.state.change():
            now = self.state.now()
            counted = path != "/rate_limit"
            try:
                caller = self._caller(request)
                if counted:
                    self._limits.check(caller, now)
                response = self._routed(request, caller, View(api=api, web=self.url), path)
            except HttpError as error:
                response = error.response()
        response = with_entity_tag(request, response)
        if counted and response.status_code != 304:  # noqa: PLR2004  # not modified is free
            self._limits.count(caller, now)
        self._limits.stamp(response, caller, now)
        return response

    def _routed(self, request: Request, caller: Caller, view: View, path: str) -> Response:
        if request.method == "POST" and path in _GRAPHQL_PATHS:
            return self._graphql(request, caller, view, path)
        if by_id := _BY_ID.fullmatch(path):
            repo = self.state.repositories.find(int(by_id[1]))
            if repo is None:
                raise not_found()
            path = f"/repos/{self.hub.full_name(repo)}{by_id[2] or ''}"
        route, arguments = _matched(self._rest, request, path)
        call = Call(self.services, request, caller, view, path, arguments)
        if route.needs:
            call.require(route.needs)
        return route.handler(call)

    def _graphql(self, request: Request, caller: Caller, view: View, path: str) -> Response:
        if caller is ANONYMOUS:
            raise HttpError(401, "This endpoint requires you to be authenticated.")
        call = Call(self.services, request, caller, view, path, {})
        context = Context(hub=self.hub, caller=caller, merge_checks=self.services.merge_checks)
        return json_response(execute(context, call.body))

    def _rate_limit(self, call: Call) -> Response:
        """Show the caller's allowance, without using it."""
        shape = self._limits.shape(call.caller, self.state.now())
        return json_response({"resources": {"core": shape, "search": shape}, "rate": shape})


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
