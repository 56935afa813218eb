"""The Flask application: health, the JSON API and the dashboard behind the read gate."""

import logging

from flask import Flask, Response, redirect, request
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from rigtasks.errors import Rejected
from webhook_receiver.access import Access, ReadGate
from webhook_receiver.api.answers import (
    API,
    current_request_id,
    finish,
    json_response,
    problem_response,
)
from webhook_receiver.api.health import health_blueprint
from webhook_receiver.api.parameters import ParametersRejected
from webhook_receiver.api.views import api_blueprint
from webhook_receiver.dashboard.pages import dashboard_blueprint
from webhook_receiver.problems import PROBLEMS
from webhook_receiver.reading.condition import Examiner
from webhook_receiver.reading.database import ReadDatabase, StoreUnavailable
from webhook_receiver.reading.doctor import Doctor

OPEN = frozenset({"health.health", "health.healthz", "health.deep", "dashboard.static", "problem"})
"""Endpoints that tell nothing about the work and are open to everybody."""
_LARGEST_REQUEST = 16_384
_LOG = logging.getLogger(__name__)


def build_site(database: ReadDatabase, gate: ReadGate, doctor: Doctor, web_url: str) -> Flask:
    """Build everything but the webhook's hot path.

    Args:
        database: where to read.
        gate: decides who may read.
        doctor: examines the whole rig.
        web_url: GitHub's address for people.
    """
    site = Flask("webhook_receiver", static_folder=None)
    site.config["MAX_CONTENT_LENGTH"] = _LARGEST_REQUEST
    examiner = Examiner(database)
    site.register_blueprint(health_blueprint(examiner, doctor))
    site.register_blueprint(api_blueprint(database, "api"), url_prefix=API)
    site.register_blueprint(api_blueprint(database, "seed_api"), url_prefix="/api")
    site.register_blueprint(dashboard_blueprint(database, examiner, web_url))
    site.add_url_rule("/", "home", lambda: redirect("/dashboard"))
    site.add_url_rule("/problems/<code>", "problem", _describe_problem)
    site.before_request(lambda: _guard(gate))
    site.after_request(finish)
    _register_error_handlers(site)
    return site


def _guard(gate: ReadGate) -> Response | None:
    if request.endpoint in OPEN:
        return None
    access = gate.judge(
        remote=request.remote_addr,
        host=request.headers.get("Host", ""),
        headers=dict(request.headers),
    )
    if access is Access.GRANTED:
        return None
    response = problem_response(access.value, PROBLEMS[access.value].hint)
    if access is Access.TOKEN_REQUIRED:
        response.headers.add("WWW-Authenticate", 'Bearer realm="rig"')
        response.headers.add("WWW-Authenticate", 'Basic realm="rig", charset="UTF-8"')
    return response


def _describe_problem(code: str) -> Response:
    if code not in PROBLEMS:
        return problem_response("not-found", "No problem has this code.")
    return json_response({"code": code, **_plain(code)})


def _plain(code: str) -> dict[str, str | int]:
    kind = PROBLEMS[code]
    return {"status": int(kind.status), "title": kind.title, "hint": kind.hint}


def _register_error_handlers(site: Flask) -> None:
    site.register_error_handler(Rejected, _on_rejected)
    site.register_error_handler(StoreUnavailable, _on_store_unavailable)
    site.register_error_handler(PoolTimeout, _on_store_unavailable)
    site.register_error_handler(HTTPException, _on_http_error)
    site.register_error_handler(Exception, _on_bug)


def _on_rejected(error: Rejected) -> Response:
    errors = error.errors if isinstance(error, ParametersRejected) else ()
    return problem_response(error.code, str(error), errors)


def _on_store_unavailable(error: Exception) -> Response:
    _LOG.error("request %s: %s", current_request_id(), error.__cause__ or error)
    response = problem_response("store-unavailable", "The database did not answer.")
    response.headers["Retry-After"] = "5"
    return response


def _on_http_error(error: HTTPException) -> AnyResponse:
    if error.code is None or error.code < 400:  # noqa: PLR2004 - a redirect
        return error.get_response()
    codes = {404: "not-found", 405: "method-not-allowed", 413: "body-too-large"}
    response = problem_response(codes.get(error.code, "request-invalid"), error.description or "")
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def _on_bug(error: Exception) -> Response:
    _LOG.error("request %s failed", current_request_id(), exc_info=error)
    return problem_response("internal", "The rig could not answer this request.")
