"""Where the App's webhooks go, in what form, and what signs them."""

import hashlib
import hmac
from typing import Any, Literal
from urllib.parse import quote_plus

import msgspec

from rigtasks.local.github.hub import Hub

ContentType = Literal["json", "form"]
_SETTING = "hook_config"
_MEDIA_TYPES: dict[ContentType, str] = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
}


class HookConfig(msgspec.Struct, frozen=True, kw_only=True):
    """GitHub's `webhook-config`; without a secret nothing is signed."""

    url: str = ""
    content_type: ContentType = "form"
    secret: str = ""
    insecure_ssl: str = "0"

    def shown(self) -> dict[str, str]:
        """Return it as the API does, with the secret hidden."""
        secret = {"secret": "********"} if self.secret else {}
        return {
            "content_type": self.content_type,
            "insecure_ssl": self.insecure_ssl,
            **secret,
            "url": self.url,
        }

    @property
    def media_type(self) -> str:
        """Return the `Content-Type` of its webhooks."""
        return _MEDIA_TYPES[self.content_type]

    def signatures(self, payload: bytes) -> dict[str, str]:
        """Return the headers that sign a payload, over the body as it is sent."""
        if not self.secret:
            return {}
        body = sent_body(payload.decode(), self.media_type)
        digests = {"X-Hub-Signature": hashlib.sha1, "X-Hub-Signature-256": hashlib.sha256}
        return {
            name: f"{digest().name}={hmac.new(self.secret.encode(), body, digest).hexdigest()}"
            for name, digest in digests.items()
        }


class HookSettings:
    """The hook's configuration: what the sandbox was started with, and what the API changed since.

    A change is kept in the data folder until the sandbox is started with another address or secret.
    """

    def __init__(self, hub: Hub) -> None:
        self._state = hub.state
        options = hub.options
        self._started_with = HookConfig(
            url=options.webhook_url,
            secret=options.webhook_secret,
            content_type=options.webhook_content_type,
        )

    def read(self) -> HookConfig:
        """Return what is in force."""
        stored = self._stored()
        if stored is None or stored[0] != _fingerprint(self._started_with):
            return self._started_with
        return stored[1]

    def change(self, **changes: Any) -> HookConfig:
        """Change some of it and keep that."""
        changed = msgspec.structs.replace(self.read(), **changes)
        kept = msgspec.json.encode((_fingerprint(self._started_with), changed)).decode()
        with self._state.change():
            self._state.set_setting(_SETTING, kept)
        return changed

    def _stored(self) -> tuple[str, HookConfig] | None:
        with self._state.lock:
            text = self._state.setting(_SETTING)
        return None if text is None else msgspec.json.decode(text, type=tuple[str, HookConfig])


def sent_body(payload: str, media_type: str) -> bytes:
    """Return the body of a webhook: the JSON itself, or a form with it as `payload`."""
    if media_type == _MEDIA_TYPES["form"]:
        return f"payload={quote_plus(payload)}".encode()
    return payload.encode()


def _fingerprint(config: HookConfig) -> str:
    return hashlib.sha256(msgspec.json.encode(config)).hexdigest()
