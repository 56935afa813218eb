"""Put the receiver together: the webhook's hot path in front of the Flask application."""

from collections.abc import Iterable
from typing import Any

from flask import Flask

from rigtasks.config import Settings
from rigtasks.github.signature import SignatureVerifier
from webhook_receiver.access import ReadGate
from webhook_receiver.intake.desk import Desk, Received
from webhook_receiver.intake.doorbell import Doorbell
from webhook_receiver.intake.endpoint import PATHS, StartResponse, WebhookEndpoint
from webhook_receiver.intake.group_commit import GroupCommit
from webhook_receiver.intake.ledger import Answer, Ledger
from webhook_receiver.intake.request import Environ
from webhook_receiver.reading.database import ReadDatabase
from webhook_receiver.reading.doctor import Doctor
from webhook_receiver.site import build_site


class Receiver:
    """One WSGI application out of two: plain WSGI for webhooks, Flask for everything else."""

    def __init__(self, webhooks: WebhookEndpoint, site: Flask) -> None:
        self._webhooks = webhooks
        self._site = site

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if environ["PATH_INFO"] in PATHS:
            return self._webhooks(environ, start_response)
        answer: Any = self._site.wsgi_app(environ, start_response)
        return answer  # type: ignore[no-any-return] # Flask calls it Any


def create_app(settings: Settings) -> Receiver:
    """Build the receiver for one process; connections are made on first use.

    Raises:
        ConfigurationError: there is no webhook secret.
        SecretMissing: the secret is blank.
    """
    verifier = SignatureVerifier(settings.webhook_secrets)
    url = settings.database_url.get_secret_value()
    desk = Desk(verifier, Ledger(url).accept)
    commits: GroupCommit[Received, Answer] = GroupCommit(desk.accept)
    doorbell = Doorbell(url)

    def accept(delivery: Received) -> Answer:
        answer = commits.submit(delivery)
        doorbell.ring()
        return answer

    database = ReadDatabase(url)
    gate = ReadGate(settings.api_token.get_secret_value())
    site = build_site(database, gate, Doctor(database, settings), settings.github_web_url)
    return Receiver(WebhookEndpoint(accept), site)
