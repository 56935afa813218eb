"""Health for people, probes and the process runner; open to all, so it names no address."""

from flask import Blueprint, Response

from webhook_receiver.api.answers import json_response, problem_response
from webhook_receiver.problems import PROBLEMS
from webhook_receiver.reading.condition import Examiner
from webhook_receiver.reading.diagnosis import Level
from webhook_receiver.reading.doctor import Doctor, Examined

_DOWN = int(PROBLEMS["store-unavailable"].status)


def health_blueprint(examiner: Examiner, doctor: Doctor) -> Blueprint:
    """Return the health endpoints.

    `/health` and `/readyz` ask whether webhooks can be accepted, `/healthz` whether the process
    runs, `/healthz/deep` how every part of the rig is; `/metrics` says the same in numbers.
    """
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/health")
    @blueprint.get("/readyz")
    def health() -> Response:
        """Report every part; 503 only where nothing can be accepted."""
        found = examiner.examine()
        response = json_response(found, 200 if found.serving else _DOWN)
        if not found.serving:
            response.headers["Retry-After"] = "5"
        return response

    @blueprint.get("/healthz")
    def healthz() -> Response:
        """Report that the process answers; asks nobody else."""
        return json_response({"status": "ok"})

    @blueprint.get("/healthz/deep")
    def deep() -> Response:
        """Report every check of the doctor; 503 with a problem only for a critical one."""
        found = doctor.examine()
        return json_response(found, 200) if found.serving else _problem(found)

    @blueprint.get("/metrics")
    def metrics() -> Response:
        """Report the same for Prometheus: 0 is ok, 1 a warning, 2 an alarm."""
        return Response(exposition(doctor.examine()), mimetype="text/plain; version=0.0.4")

    return blueprint


def _problem(found: Examined) -> Response:
    """Return what keeps webhooks from being accepted as a problem, with every check beside it."""
    alarms = tuple(one for one in found.alarms if one.critical)
    detail = "; ".join(f"{one.name}: {one.detail}" for one in alarms)
    members = {"level": found.level, "checks": found.checks}
    return problem_response("store-unavailable", detail, members=members)


def exposition(found: Examined) -> str:
    """Return the checks in Prometheus's text format."""
    levels = tuple(Level)
    lines = [
        "# HELP rig_check_level What rig doctor says of a check: 0 ok, 1 warning, 2 alarm.",
        "# TYPE rig_check_level gauge",
    ]
    lines += [
        f'rig_check_level{{check="{one.name}"}} {levels.index(one.level)}' for one in found.checks
    ]
    return "\n".join(lines) + "\n"
