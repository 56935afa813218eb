"""A Flask handler that does nothing but call a bare Celery task."""

from flask import Flask

from bench.bare_celery import begin

app = Flask(__name__)


@app.post("/api/v1/webhooks/github")
def accept() -> tuple[dict[str, str], int]:
    """Call the task and answer."""
    begin.delay()
    return {"status": "accepted"}, 202


@app.get("/health")
def health() -> dict[str, str]:
    """Say that the handler serves."""
    return {"status": "ok"}
