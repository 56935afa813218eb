"""The handler intake is measured against: Flask, checks the signature, stores nothing."""

from flask import Flask, Response, jsonify, request

from rigtasks.config import load_settings
from rigtasks.github.signature import SignatureVerifier

app = Flask(__name__)
_verifier = SignatureVerifier(load_settings().webhook_secrets)


@app.post("/api/v1/webhooks/github")
def accept() -> tuple[Response, int]:
    """Check the signature and answer."""
    _verifier.verify(request.get_data(), request.headers.get("X-Hub-Signature-256"))
    return jsonify(delivery=request.headers["X-GitHub-Delivery"], status="accepted"), 202
