"""Many webhooks at once, signed as GitHub signs them; whoever sends remembers what was promised."""

import hashlib
import hmac
import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

import requests
from running_rig import Json

_UPDATED = "2026-11-01T10:00:00Z"
PATH = "/api/v1/webhooks/github"


def starred(number: int) -> Json:
    """Return the payload of a `watch`, which nobody acts on."""
    return {
        "action": "started",
        "repository": {"id": 7, "full_name": "octo/price-api"},
        "sender": {"id": number, "login": "mona", "type": "User"},
    }


def labeled(number: int, *, repo_id: int = 7, repo: str = "octo/price-api") -> Json:
    """Return the payload of an `issues`, which makes a task."""
    return {
        "action": "labeled",
        "label": {"name": "agent-ready"},
        "issue": {"number": number, "title": "Prices", "updated_at": _UPDATED},
        "repository": {"id": repo_id, "full_name": repo},
        "sender": {"id": 3, "login": "mona", "type": "User"},
    }


class Senders:
    """Sends from several threads for as long as it is wanted.

    Args:
        url: the receiver's address.
        secret: what deliveries are signed with.
        threads: how many send at once.
        patience: seconds a sender waits for an answer; GitHub waits ten.
        event: what the payloads tell of.
        payload: makes the payload of each delivery from its number.
    """

    def __init__(
        self,
        url: str,
        secret: str,
        *,
        threads: int = 4,
        patience: float = 15.0,
        event: str = "watch",
        payload: Callable[[int], Json] = starred,
    ) -> None:
        self._event = event
        self._payload = payload
        self.url = url
        self._secret = secret.encode()
        self._threads = threads
        self._patience = patience
        self._numbers = count(1)
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        #: The ids of the deliveries that were answered 2xx.
        self.accepted: set[str] = set()
        #: How often each status was answered; 0 where no answer came.
        self.statuses: Counter[int] = Counter()
        self.slowest = 0.0

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Send meanwhile.

        Raises:
            Exception: what a sender did not foresee.
        """
        self._stopping.clear()
        with ThreadPoolExecutor(self._threads) as pool:
            senders = [pool.submit(self._send) for _ in range(self._threads)]
            try:
                yield
            finally:
                self._stopping.set()
        for sender in senders:
            sender.result()

    def _send(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not self._stopping.is_set():
                delivery = str(uuid.uuid4())
                began = time.monotonic()
                status = self._post(session, delivery)
                took = time.monotonic() - began
                with self._lock:
                    self.statuses[status] += 1
                    self.slowest = max(self.slowest, took)
                    if 200 <= status < 300:
                        self.accepted.add(delivery)
                if status == 0:
                    self._stopping.wait(0.05)

    def _post(self, session: requests.Session, delivery: str) -> int:
        body = json.dumps(self._payload(next(self._numbers))).encode()
        digest = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": self._event,
            "X-GitHub-Delivery": delivery,
            "X-GitHub-Hook-ID": "1",
            "X-Hub-Signature-256": f"sha256={digest}",
        }
        try:
            answer = session.post(
                self.url + PATH, data=body, headers=headers, timeout=self._patience
            )
        except requests.RequestException:
            return 0
        return answer.status_code
