"""The receiver killed while webhooks pour in: row A11. What was answered 2xx is in the ledger."""

import time

import pytest
from ledger import Tally
from outcomes import Outcomes
from senders import Senders, labeled
from served import SECRET, rows, serve
from times import ALL

from rigtasks.local.ports import LOOPBACK

KILLS, WEBHOOKS = (100, 100_000) if ALL else (2, 300)
_WITHOUT_TASK = """
SELECT delivery_id FROM deliveries AS d
 WHERE NOT EXISTS (SELECT FROM outbox AS o WHERE o.args ->> 0 = d.delivery_id) LIMIT 20
"""


@pytest.mark.timeout(3000 if ALL else 200)
def test_every_accepted_webhook_survives_receivers_that_are_killed(
    database_url: str, outcomes: Outcomes
) -> None:
    senders = Senders("", SECRET, threads=8, event="issues", payload=labeled)
    ready = 0.0
    for kill in range(1, KILLS + 1):
        began = time.monotonic()
        with serve(database_url) as receiver:
            ready = max(ready, time.monotonic() - began)
            senders.url = f"http://{LOOPBACK}:{receiver.port}"
            with senders.sending():
                while len(senders.accepted) < kill * WEBHOOKS / KILLS:
                    time.sleep(0.002)
                receiver.kill()
    stored = {row[0] for row in rows(database_url, "SELECT delivery_id FROM deliveries")}
    taskless = [row[0] for row in rows(database_url, _WITHOUT_TASK)]

    assert taskless == []
    assert len(senders.accepted) >= WEBHOOKS
    assert set(senders.statuses) <= {0, 202}, senders.statuses
    outcomes.add(
        "A11",
        f"receiver killed under {len(senders.accepted)} webhooks that were accepted",
        Tally(tuple(sorted(senders.accepted - stored))),
        injected=KILLS,
        recovery=ready,
    )
