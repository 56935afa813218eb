"""Post webhooks to the receiver, in process, and let the conductor work on what it stored."""

import hashlib
import hmac
import io
import json
import uuid
from dataclasses import dataclass
from typing import Any

from rigtasks.conductor.context import Conductor
from rigtasks.conductor.deliveries import note_failure, work_on_delivery
from rigtasks.config import Settings
from rigtasks.eventstore.deliveries import Delivery, DeliveryStatus
from rigtasks.shell import DELIVERY_TASK
from rigtasks.tasks.carrying import carry
from webhook_receiver.app import Receiver, create_app
from webhook_receiver.intake.endpoint import CANONICAL_PATH

SECRET = "a secret of the tests"
#: All that a delivery could change, short enough to be compared.
_EVERYTHING = """
SELECT (SELECT jsonb_agg(e.event_id ORDER BY e.position) FROM events AS e),
       (SELECT md5(string_agg(d::text, ' ' ORDER BY d.delivery_id)) FROM deliveries AS d),
       (SELECT jsonb_agg(o.args ORDER BY o.id) FROM outbox AS o),
       (SELECT jsonb_agg(to_jsonb(i) ORDER BY i.stream) FROM issues AS i)
"""
#: What failed is due at once.
_NO_PAUSE = """
UPDATE outbox SET available_at = clock_timestamp() WHERE done_at IS NULL RETURNING id
"""


def make_receiver(database_url: str) -> Receiver:
    """Build the receiver as its server does."""
    return create_app(
        Settings.model_validate({"DATABASE_URL": database_url, "webhook_secret": SECRET})
    )


@dataclass(frozen=True, kw_only=True)
class Posted:
    """What the receiver answered and what the conductor made of it."""

    status: int
    answer: str
    delivery: Delivery

    @property
    def outcome(self) -> str:
        return self.delivery.outcome or ""

    @property
    def settled(self) -> bool:
        """Say whether it was accepted and ended well, with words for it."""
        well = {DeliveryStatus.DONE, DeliveryStatus.IGNORED}
        return self.status == 202 and self.delivery.status in well and len(self.outcome) > 8


@dataclass(frozen=True, kw_only=True)
class PostOffice:
    """A receiver and a conductor on one database."""

    receiver: Receiver
    conductor: Conductor

    def post(self, event: str, payload: Any, delivery_id: str | None = None) -> Posted:
        """Post one payload signed, and carry out the tasks that came of it."""
        given = delivery_id or str(uuid.uuid4())
        status, answer = self._send(event, json.dumps(payload).encode(), given)
        self.work()
        stored = self.conductor.stores.deliveries.get(given)
        assert stored is not None, (status, answer)
        return Posted(status=status, answer=answer, delivery=stored)

    def work(self) -> None:
        """Carry out every open delivery as the conductor's worker does, without its pauses."""
        while self._work_once():
            self.conductor.stores.database.rows(_NO_PAUSE)

    def _work_once(self) -> list[str]:
        taken = self.conductor.stores.outbox.take(repeat_seconds=0.0)
        deliveries = [one for one in taken if one.task == DELIVERY_TASK]
        outcomes = [self._carry(one.id, one.args[0]) for one in deliveries]
        return [one for one in outcomes if one.startswith("later: ")]

    def everything(self) -> tuple[Any, ...]:
        """Return all that a delivery could change."""
        return self.conductor.stores.database.rows(_EVERYTHING)[0]

    def dead_letters(self) -> list[tuple[Any, ...]]:
        """Return the tasks that were given up."""
        return self.conductor.stores.database.rows(
            "SELECT task, args, last_error FROM outbox WHERE dead_at IS NOT NULL"
        )

    def _carry(self, entry_id: int, delivery_id: str) -> str:
        rig = self.conductor
        return carry(
            rig.stores,
            entry_id,
            lambda: work_on_delivery(rig, delivery_id),
            on_failure=lambda error, final: note_failure(rig, delivery_id, error, final=final),
        )

    def _send(self, event: str, body: bytes, delivery_id: str) -> tuple[int, str]:
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        answered: list[str] = []
        parts = self.receiver(
            {
                "REQUEST_METHOD": "POST",
                "PATH_INFO": CANONICAL_PATH,
                "CONTENT_TYPE": "application/json",
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_X_GITHUB_EVENT": event,
                "HTTP_X_GITHUB_DELIVERY": delivery_id,
                "HTTP_X_HUB_SIGNATURE_256": f"sha256={signature}",
                "wsgi.input": io.BytesIO(body),
            },
            lambda line, _headers: answered.append(line),
        )
        document = json.loads(b"".join(parts))
        return int(answered[0].split()[0]), document.get("status") or document["code"]
