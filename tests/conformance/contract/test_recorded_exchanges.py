"""The client against what GitHub really answered once, as `@octokit/fixtures` recorded it."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from places import client_settings
from recordings import API, Replay, operation_name, replayed

from rigtasks.github.api import Api
from rigtasks.github.checks import read_statuses
from rigtasks.github.client import UNHURRIED, GitHub
from rigtasks.github.errors import NotFound, Unexpected, Unprocessable
from rigtasks.github.governor import Governor
from rigtasks.github.identities import PersonalToken, RepositoryRef, Role
from rigtasks.github.issues import Issue
from rigtasks.github.repositories import Repository, read_repository
from rigtasks.github.transport import Call, Transport
from rigtasks.testing.conformance import TALLY
from rigtasks.testing.material import RecordedExchange, recorded_exchanges
from rigtasks.testing.recorded_differences import NOT_CALLED

TRANSPORT = "transport of the client against @octokit/fixtures"
CALLS = "calls of the client against @octokit/fixtures"
TOKEN = "0000000000000000000000000000000000000001"
REFUSALS = {404: NotFound, 422: Unprocessable}
SCENARIOS = sorted(recorded_exchanges())


def sendable(exchange: RecordedExchange) -> bool:
    """Say whether the transport could make a call: to GitHub's API, with JSON or without a body."""
    has_json = not exchange.body or isinstance(exchange.body, dict)
    return exchange.scope.startswith(API) and has_json


def send(replay: Replay, transport: Transport, exchange: RecordedExchange) -> None:
    """Make a recorded call again; what comes out must be what was recorded."""
    call = Call(
        method=exchange.method.upper(),
        url=replay.url + exchange.path,
        identity="test",
        body=exchange.body or None,
        write=exchange.method != "get",
    )
    if exchange.status in REFUSALS:
        with pytest.raises(REFUSALS[exchange.status]) as refused:
            transport.send(call, TOKEN)
        assert refused.value.refusal.message == exchange.response["message"]
        said = [
            f"{one['resource']} {one['field']} {one['code']}"
            for one in exchange.response.get("errors", ())
        ]
        assert list(refused.value.refusal.errors) == said
    elif exchange.status == 302:
        with pytest.raises(Unexpected, match="another host"):
            transport.send(call, TOKEN)
    elif exchange.status in {301, 307}:
        (there,) = [each for each in replay.left if each.path.startswith("/repositories/")][:1]
        assert json.loads(transport.send(call, TOKEN).body) == json.loads(replay.body(there))
    else:
        answer = transport.send(call, TOKEN)
        wanted = replay.body(exchange) if exchange.response != "" else b""
        assert (answer.status, answer.body) == (exchange.status, wanted)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_what_was_recorded_comes_through_the_transport(scenario: str) -> None:
    with replayed(recorded_exchanges()[scenario]) as replay:
        transport = Transport(replay.url, Governor(UNHURRIED))
        for exchange in recorded_exchanges()[scenario]:
            if exchange in replay.left and sendable(exchange):
                send(replay, transport, exchange)
                TALLY.add(TRANSPORT, operation_name(exchange))
        assert [each for each in replay.left if sendable(each)] == []


def repository(api: Api, recorded: RecordedExchange) -> None:
    assert read_repository(api) == msgspec.convert(recorded.response, Repository)


def renamed(api: Api, _recorded: RecordedExchange) -> None:
    assert read_repository(api).full_name.endswith("rename-repository-newname")


def issues(api: Api, recorded: RecordedExchange) -> None:
    pages = api.pages("/issues", tuple[Issue, ...], per_page=3)
    assert [len(page) for page in pages] == [3, 3, 3, 3, 1]
    assert pages[0] == msgspec.convert(recorded.response, tuple[Issue, ...])


def statuses(api: Api, recorded: RecordedExchange) -> None:
    found = {one.context: one.state for one in read_statuses(api, "0" * 39 + "1")}
    oldest_first = sorted(recorded.response, key=lambda one: int(one["id"]))
    assert found == {one["context"]: one["state"] for one in oldest_first}


def protection(api: Api, recorded: RecordedExchange) -> None:
    with pytest.raises(NotFound, match=recorded.response["message"]):
        api.get("/branches/main/protection", dict[str, Any])


def raw_file(api: Api, recorded: RecordedExchange) -> None:
    text = api.text("/contents/README.md", "application/vnd.github.v3.raw", most_bytes=1_000)
    assert (text.text, text.truncated) == (recorded.response, False)


#: The calls of the client that were recorded: scenario, place in it, and what makes the call.
RECORDED: tuple[tuple[str, int, Callable[[Api, RecordedExchange], None]], ...] = (
    ("get-repository", 0, repository),
    ("rename-repository", 1, renamed),
    ("paginate-issues", 0, issues),
    ("create-status", 2, statuses),
    ("branch-protection", 0, protection),
    ("get-content", 1, raw_file),
)


@pytest.mark.parametrize(("scenario", "place", "call"), RECORDED)
def test_the_client_reads_what_was_recorded(
    scenario: str, place: int, call: Callable[[Api, RecordedExchange], None]
) -> None:
    recorded = recorded_exchanges()[scenario][place]
    full_name = "/".join(recorded.path.split("?")[0].split("/")[2:4])
    number = recorded.response.get("id", 1000) if isinstance(recorded.response, dict) else 1000
    with replayed(recorded_exchanges()[scenario][place:]) as replay:
        who = {Role.CONDUCTOR: PersonalToken(token=TOKEN)}
        github = GitHub(client_settings(replay.url, who))
        call(github.api(Role.CONDUCTOR, RepositoryRef(id=number, full_name=full_name)), recorded)
    TALLY.add(CALLS, operation_name(recorded))


def test_what_the_client_does_not_call_is_written_down() -> None:
    called = {(scenario, place) for scenario, place, _ in RECORDED}
    left = {
        scenario
        for scenario, exchanges in recorded_exchanges().items()
        for place, _ in enumerate(exchanges)
        if (scenario, place) not in called
    }
    assert set(NOT_CALLED) == left
