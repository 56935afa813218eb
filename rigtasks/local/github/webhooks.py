"""The App's webhook: signed payloads, delivered in order by one thread, logged, never retried."""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import requests

from rigtasks.local.github.delivery_line import DeliveryLine
from rigtasks.local.github.faults.injector import FaultInjector
from rigtasks.local.github.faults.plan import (
    DeliveryRule,
    WebhookDelay,
    WebhookDrop,
    WebhookDuplicate,
    WebhookFail,
    WebhookReorder,
)
from rigtasks.local.github.hook_config import HookConfig, HookSettings, sent_body
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.model import Account, AccountType, App, Delivery, Repository
from rigtasks.local.github.shapes import accounts, repositories
from rigtasks.local.github.subscriptions import is_told

PENDING = "pending"
UNREACHED = "failed to connect to host"
_KEPT_DELIVERIES = 5_000
_KEPT_RESPONSE_CHARACTERS = 10_000
_LARGEST_PAYLOAD = 25 * 1024 * 1024


class WebhookSender:
    """Turns announcements into deliveries and carries them out one after the other.

    Args:
        hub: the sandbox's centre.
        faults: what shall go wrong.
    """

    def __init__(self, hub: Hub, faults: FaultInjector) -> None:
        self._hub = hub
        self._faults = faults
        self.settings = HookSettings(hub)
        self._line = DeliveryLine()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        self._session = requests.Session()
        self._session.trust_env = False
        self._muted = False

    @contextmanager
    def muted(self) -> Iterator[None]:
        """Tell nobody of what happens meanwhile."""
        self._muted = True
        try:
            yield
        finally:
            self._muted = False

    def start(self) -> None:
        """Start delivering, first what an earlier process left in the line."""
        with self._hub.state.lock:
            for delivery in self._hub.state.deliveries.all():
                if delivery.status == PENDING:
                    self._line.add(delivery.id)
        self._thread.start()

    def stop(self) -> None:
        """Let the delivery under way end and stop; the rest waits for the next `start`."""
        self._line.close()
        if self._thread.is_alive():
            self._thread.join()
        self._session.close()

    def idle(self) -> bool:
        """Tell whether every delivery so far has been carried out."""
        return self._line.idle

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
            "config": self.settings.read().shown(),
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
                status=PENDING,
                status_code=0,
                response_headers={},
                response_body="",
            )
            state.deliveries.put(again)
        self._line.add(again.id)
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
        config = self.settings.read()
        body = msgspec.json.encode(payload)
        if self._muted or not config.url or len(body) > _LARGEST_PAYLOAD:
            return
        faults = self._faults.of_delivery(event, action)
        if any(isinstance(fault, WebhookDrop) for fault in faults):
            return
        guid = str(uuid.uuid4())
        delivery = Delivery(
            id=0,
            guid=guid,
            event=event,
            action=action,
            delivered_at=self._hub.state.now(),
            redelivery=False,
            installation_id=installation_id,
            repository_id=repository_id,
            url=config.url,
            request_headers=self._headers(event, guid, config, body),
            payload=body.decode(),
        )
        for copy in _with_copies(delivery, faults):
            self._enqueue(copy, faults)

    def _headers(self, event: str, guid: str, config: HookConfig, body: bytes) -> dict[str, str]:
        return {
            "Accept": "*/*",
            "Content-Type": config.media_type,
            "User-Agent": "GitHub-Hookshot/sandbox",
            "X-GitHub-Delivery": guid,
            "X-GitHub-Event": event,
            "X-GitHub-Hook-ID": str(self.hook_id),
            "X-GitHub-Hook-Installation-Target-ID": str((self.hook_id - 1) // 10),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            **config.signatures(body),
        }

    def _enqueue(self, delivery: Delivery, faults: tuple[DeliveryRule, ...]) -> None:
        state = self._hub.state
        fails = any(isinstance(fault, WebhookFail) for fault in faults)
        status = {"status": UNREACHED, "status_code": 502} if fails else {"status": PENDING}
        with state.change():
            row = state.deliveries.put(
                msgspec.structs.replace(delivery, id=state.new_id(), **status)
            )
            self._prune()
        if not fails:
            delay, behind, patience = _held_back(faults)
            self._line.add(row.id, delay=delay, behind=behind, patience=patience)

    def _prune(self) -> None:
        deliveries = self._hub.state.deliveries
        if len(deliveries) > _KEPT_DELIVERIES:
            deliveries.remove(deliveries.oldest_id())

    def _run(self) -> None:
        while (delivery_id := self._line.take()) is not None:
            try:
                self._deliver(delivery_id)
            finally:
                self._line.done()

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
                data=sent_body(delivery.payload, delivery.request_headers["Content-Type"]),
                headers=delivery.request_headers,
                timeout=self._hub.options.webhook_timeout,
                allow_redirects=False,
            )
        except requests.Timeout:
            status, code, headers, text = "timed out", 504, no_headers, ""
        except requests.RequestException as error:
            status, code, headers, text = UNREACHED, 502, no_headers, str(error)
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


def _with_copies(delivery: Delivery, faults: tuple[DeliveryRule, ...]) -> list[Delivery]:
    found = [delivery]
    for fault in faults:
        if isinstance(fault, WebhookDuplicate):
            found += [
                delivery if fault.guid == "same" else _of_its_own(delivery)
                for _ in range(fault.copies)
            ]
    return found


def _of_its_own(delivery: Delivery) -> Delivery:
    guid = str(uuid.uuid4())
    headers = {**delivery.request_headers, "X-GitHub-Delivery": guid}
    return msgspec.structs.replace(delivery, guid=guid, request_headers=headers)


def _held_back(faults: tuple[DeliveryRule, ...]) -> tuple[float, int, float]:
    delay, behind, patience = 0.0, 0, 0.0
    for fault in faults:
        match fault:
            case WebhookDelay(seconds=seconds):
                delay = seconds
            case WebhookReorder():
                behind, patience = fault.behind, fault.patience
            case _:
                pass
    return delay, behind, patience
