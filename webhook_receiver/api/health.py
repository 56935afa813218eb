"""Health for people, probes and the process runner; open to all, so it names no address."""

from flask import Blueprint, Response

from webhook_receiver.api.answers import json_response
from webhook_receiver.problems import PROBLEMS
from webhook_receiver.reading.condition import Examiner

_DOWN = int(PROBLEMS["store-unavailable"].status)


def health_blueprint(examiner: Examiner) -> Blueprint:
    """Return `/health`, `/readyz` (can webhooks be accepted?) and `/healthz` (is it running?)."""
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

    return blueprint
