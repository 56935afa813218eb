"""The App's webhook: signed payloads, delivered in order by one thread, logged, never retried."""

import hashlib
import hmac
import queue
import threading
import time
import uuid
from typing import Any

import msgspec
import requests

from rigtasks.local.github.hub import Hub
from rigtasks.local.github.model import Account, AccountType, App, Delivery, Repository
from rigtasks.local.github.shapes import accounts, repositories
from rigtasks.local.github.subscriptions import is_told

_PENDING = "pending"
_KEPT_DELIVERIES = 5_000
_KEPT_RESPONSE_CHARACTERS = 10_000
_LARGEST_PAYLOAD = 25 * 1024 * 1024


class WebhookSender:
    """Turns announcements into deliveries and carries them out one after the other."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._waiting: queue.Queue[int | None] = queue.Queue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        self._session = requests.Session()
        self._session.trust_env = False

    def start(self) -> None:
        """Start delivering, first what an earlier process left in the queue."""
        with self._hub.state.lock:
            for delivery in self._hub.state.deliveries.all():
                if delivery.status == _PENDING:
                    self._waiting.put(delivery.id)
        self._thread.start()

    def stop(self) -> None:
        """Let the delivery under way end and stop; the rest waits for the next `start`."""
        self._stopping.set()
        self._waiting.put(None)
        if self._thread.is_alive():
            self._thread.join()
        self._session.close()

    def idle(self) -> bool:
        """Tell whether every delivery so far has been carried out."""
        return self._waiting.unfinished_tasks == 0

    def announce(
        self,
        event: str,
        action: str | None,
        repository: Repository,
        sender: Account,
        fields: dict[str, Any],
    ) -> None:
        """Queue an event of a repository for the App that has the hook."""
        app = self._hooked_app()
        if app is None:
            return
        installation = self._hub.installation(app.id, repository.owner_id)
        if installation is None or not is_told(app, installation, event):
            return
        view = self._hub.view
        owner = self._hub.state.accounts.get(repository.owner_id)
        payload: dict[str, Any] = {} if action is None else {"action": action}
        payload |= fields
        payload["repository"] = repositories.repository(self._hub, repository, view)
        if owner.type is AccountType.ORGANIZATION:
            payload["organization"] = accounts.organization(owner, view)
        payload["sender"] = accounts.account(sender, view)
        payload["installation"] = {"id": installation.id, "node_id": f"MDI{installation.id}"}
        self._queue(event, action, payload, installation.id, repository.id)

    def ping(self) -> None:
        """Queue the `ping` that a new hook gets."""
        app = self._hooked_app()
        if app is None:
            return
        hook = {
            "type": "App",
            "id": self.hook_id,
            "name": "web",
            "active": True,
            "events": list(app.events),
            "config": self.config(),
            "app_id": app.id,
            "created_at": app.created_at,
            "updated_at": app.created_at,
        }
        self._queue(
            "ping",
            None,
            {"zen": "Keep it logically awesome.", "hook_id": self.hook_id, "hook": hook},
            None,
            None,
        )

    @property
    def hook_id(self) -> int:
        """Return the id of the one hook."""
        app = self._hooked_app()
        return 0 if app is None else app.id * 10 + 1

    def config(self) -> dict[str, str]:
        """Return the hook's configuration with the secret hidden."""
        return {
            "content_type": "json",
            "insecure_ssl": "0",
            "secret": "********",
            "url": self._hub.options.webhook_url,
        }

    def redeliver(self, delivery: Delivery) -> Delivery:
        """Queue a delivery again under the same guid."""
        state = self._hub.state
        with state.change():
            again = msgspec.structs.replace(
                delivery,
                id=state.new_id(),
                delivered_at=state.now(),
                redelivery=True,
                duration=0.0,
                status=_PENDING,
                status_code=0,
                response_headers={},
                response_body="",
            )
            state.deliveries.put(again)
        self._waiting.put(again.id)
        return again

    def _hooked_app(self) -> App | None:
        return next((app for app in self._hub.state.apps.all() if app.hooked), None)

    def _queue(
        self,
        event: str,
        action: str | None,
        payload: dict[str, Any],
        installation_id: int | None,
        repository_id: int | None,
    ) -> None:
        if not self._hub.options.webhook_url:
            return
        body = msgspec.json.encode(payload)
        if len(body) > _LARGEST_PAYLOAD:
            return
        guid = str(uuid.uuid4())
        state = self._hub.state
        headers = {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/sandbox",
            "X-GitHub-Delivery": guid,
            "X-GitHub-Event": event,
            "X-GitHub-Hook-ID": str(self.hook_id),
            "X-GitHub-Hook-Installation-Target-ID": str((self.hook_id - 1) // 10),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            "X-Hub-Signature-256": sign(body, self._hub.options.webhook_secret),
        }
        with state.change():
            delivery = Delivery(
                id=state.new_id(),
                guid=guid,
                event=event,
                action=action,
                delivered_at=state.now(),
                redelivery=False,
                installation_id=installation_id,
                repository_id=repository_id,
                url=self._hub.options.webhook_url,
                request_headers=headers,
                payload=body.decode(),
            )
            state.deliveries.put(delivery)
            self._prune()
        self._waiting.put(delivery.id)

    def _prune(self) -> None:
        deliveries = self._hub.state.deliveries
        if len(deliveries) > _KEPT_DELIVERIES:
            deliveries.remove(deliveries.oldest_id())

    def _run(self) -> None:
        while True:
            delivery_id = self._waiting.get()
            try:
                if delivery_id is None or self._stopping.is_set():
                    return
                self._deliver(delivery_id)
            finally:
                self._waiting.task_done()

    def _deliver(self, delivery_id: int) -> None:
        state = self._hub.state
        with state.lock:
            delivery = state.deliveries.find(delivery_id)
        if delivery is None:
            return
        started = time.monotonic()
        no_headers: dict[str, str] = {}
        try:
            answer = self._session.post(
                delivery.url,
                data=delivery.payload.encode(),
                headers=delivery.request_headers,
                timeout=self._hub.options.webhook_timeout,
                allow_redirects=False,
            )
        except requests.Timeout:
            status, code, headers, text = "timed out", 504, no_headers, ""
        except requests.RequestException as error:
            status, code, headers, text = "failed to connect to host", 502, no_headers, str(error)
        else:
            status = "OK" if answer.ok else f"Invalid HTTP Response: {answer.status_code}"
            code, headers, text = answer.status_code, dict(answer.headers), answer.text
        with state.change():
            state.deliveries.put(
                msgspec.structs.replace(
                    delivery,
                    duration=round(time.monotonic() - started, 3),
                    status=status,
                    status_code=code,
                    response_headers=headers,
                    response_body=text[:_KEPT_RESPONSE_CHARACTERS],
                )
            )


def sign(body: bytes, secret: str) -> str:
    """Return the `X-Hub-Signature-256` of a body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
