"""Two thousand webhooks at once and hundreds of readers who take their time: rows A39 and A57."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from urllib.parse import urlsplit

import pytest
from faulty_rig import FaultyRig, family
from ledger import tally_of_deliveries, tally_of_issues
from outcomes import Outcomes
from running_rig import wait_until
from senders import Senders, labeled
from shop import Shop, Town

BURST = 2_000
READERS, OF_THE_DASHBOARD = 500, 20
SLOW_SECONDS = 10.0
MOST_MB = 200
_UNSETTLED = "SELECT count(*) FROM deliveries WHERE outcome IS NULL"

pytestmark = [pytest.mark.make_faults, pytest.mark.timeout(900)]


def about(shop: Shop, numbers: list[int], number: int) -> dict[str, object]:
    """Return the payload of a delivery about one of a shop's issues."""
    at = numbers[number % len(numbers)]
    return labeled(at, repo_id=shop.repo_id, repo=shop.repo)


def test_what_was_held_back_for_hours_comes_at_once_and_is_settled(
    town: Town, rig: FaultyRig, outcomes: Outcomes
) -> None:
    rig.need_a_worker()
    shop = town.shop()
    wanted = shop.issue()
    others = [shop.issue(title=f"Nobody asked for this, {n}").number for n in range(20)]
    senders = Senders(
        rig.addresses["web"],
        rig.addresses["webhook_secret"],
        threads=8,
        event="issues",
        payload=partial(about, shop, others),
    )
    with senders.sending():
        wait_until(lambda: len(senders.accepted) > BURST / 2, "half of them", seconds=200)
        wanted.label()
        wait_until(lambda: len(senders.accepted) >= BURST, "all of them", seconds=200)
    arrived = rig.now()

    wait_until(lambda: rig.rows(_UNSETTLED) == [(0,)], "each delivery's outcome", seconds=400)
    settled = rig.now()
    wanted.wait("ISSUE_DONE", seconds=120)
    judged = tally_of_issues(rig, [wanted]) + tally_of_deliveries(rig, senders.accepted)
    outcomes.add(
        "A39",
        f"{len(senders.accepted)} late webhooks at once: until each is settled",
        judged,
        injected=len(senders.accepted),
        recovery=(settled - arrived).total_seconds(),
        goal=300.0,
    )
    assert set(senders.statuses) == {202}, senders.statuses
    outcomes.add(
        "A39", "the slowest answer to one of them", judged, injected=len(senders.accepted),
        recovery=senders.slowest, goal=2.0,
    )  # fmt: skip


@contextmanager
def slow_readers(url: str) -> Iterator[list[socket.socket]]:
    """Keep connections whose readers take nothing of what they asked for, meanwhile."""
    place = urlsplit(url)
    with ExitStack() as stack:
        readers = []
        for number in range(READERS):
            path = "/dashboard" if number < OF_THE_DASHBOARD else "/healthz"
            reader = stack.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            reader.settimeout(30)
            reader.connect((place.hostname, place.port))
            reader.sendall(f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
            readers.append(reader)
        yield readers


def megabytes(rig: FaultyRig) -> float:
    return sum(one.memory_info().rss for one in family(rig.process("web"))) / 1e6


def test_hundreds_of_slow_readers_do_not_hold_the_receiver_up(
    rig: FaultyRig, outcomes: Outcomes
) -> None:
    wait_until(lambda: rig.answers() == 200, "a healthy receiver")
    before = megabytes(rig)
    with slow_readers(rig.addresses["web"]) as readers:
        senders = Senders(rig.addresses["web"], rig.addresses["webhook_secret"], threads=2)
        with senders.sending():
            time.sleep(SLOW_SECONDS)
        grown = megabytes(rig) - before
        assert len(readers) == READERS

    outcomes.add(
        "A57",
        f"{READERS} connections whose readers take nothing: the slowest answer to a webhook",
        tally_of_deliveries(rig, senders.accepted),
        injected=READERS,
        recovery=senders.slowest,
        goal=2.0,
    )
    assert set(senders.statuses) == {202}, senders.statuses
    assert senders.accepted
    assert grown < MOST_MB
