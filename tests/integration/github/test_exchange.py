"""One exchange: errors sorted, limits kept, nothing followed or remembered that should not be."""

from pathlib import Path
from typing import Any

import pytest
from scripted_hub import SHOP, TOKEN, Hub, Reply, personal

from rigtasks.errors import RigError, UnknownEffect
from rigtasks.github.api import Api
from rigtasks.github.errors import (
    BadCredentials,
    Conflicted,
    EffectUnknown,
    Forbidden,
    NotAllowed,
    NotFound,
    RateLimited,
    ResponseTooLarge,
    Unavailable,
    Unexpected,
    Unprocessable,
)

READ, WRITE = "GET /repos/octo/shop/x", "POST /repos/octo/shop/x"
Document = dict[str, Any]


def read(api: Api) -> Document:
    return api.get("/x", dict[str, Any])


def write(api: Api) -> Document:
    return api.write("POST", "/x", {"a": 1}, dict[str, Any])


def test_a_call_carries_the_token_the_version_and_nothing_of_a_netrc_file(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    hub.on(READ, Reply(body={"ok": True}))

    assert read(personal(hub)) == {"ok": True}

    (asked,) = hub.calls(READ)
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["accept"] == "application/vnd.github+json"
    assert asked.headers["x-github-api-version"] == "2022-11-28"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, BadCredentials),
        (403, Forbidden),
        (404, NotFound),
        (405, NotAllowed),
        (409, Conflicted),
        (410, NotFound),
        (418, Unexpected),
        (422, Unprocessable),
        (451, Forbidden),
    ],
)
@pytest.mark.parametrize("call", [read, write])
def test_refusals_have_a_kind_of_their_own(
    hub: Hub, status: int, expected: type[RigError], call: Any
) -> None:
    reply = Reply(
        status=status,
        body={"message": "No", "errors": [{"resource": "Issue", "code": "invalid"}, "words"]},
        headers={"X-GitHub-Request-Id": "AB12"},
    )
    hub.on(READ, reply)
    hub.on(WRITE, reply)

    with pytest.raises(expected) as error:
        call(personal(hub))

    text = str(error.value)
    assert f"{status} No (Issue invalid; words) [request AB12]" in text
    assert TOKEN not in text


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failure_inside_github_leaves_a_write_in_doubt_and_a_read_repeatable(
    hub: Hub, status: int
) -> None:
    page = Reply(status=status, body=b"<html>Unicorn!</html>")
    hub.on(READ, page)
    hub.on(WRITE, page)
    api = personal(hub)

    with pytest.raises(Unavailable):
        read(api)
    with pytest.raises(EffectUnknown):
        write(api)

    assert len(hub.calls(READ)) == len(hub.calls(WRITE)) == 1
    assert issubclass(EffectUnknown, UnknownEffect)


@pytest.mark.parametrize("broken", [Reply(hang_up=True), Reply(delay=1.0), Reply(endless=True)])
def test_an_answer_that_does_not_come_is_bounded_and_sorted(hub: Hub, broken: Reply) -> None:
    hub.on(READ, broken)
    hub.on(WRITE, broken)
    api = personal(hub, timeout=0.3)

    with pytest.raises(Unavailable):
        read(api)
    with pytest.raises(EffectUnknown):
        write(api)


def test_a_write_that_was_never_sent_is_known_to_have_done_nothing(hub: Hub) -> None:
    api = personal(hub)
    object.__setattr__(api._transport, "api_url", "http://127.0.0.1:9")  # noqa: SLF001

    with pytest.raises(Unavailable):
        write(api)


@pytest.mark.parametrize("body", [b"<html>Maintenance</html>", b"[1]", b"\xff", b""])
def test_a_success_that_is_something_else_is_no_success(hub: Hub, body: bytes) -> None:
    hub.on(READ, Reply(body=body))
    hub.on(WRITE, Reply(status=201, body=body))
    api = personal(hub)

    with pytest.raises(Unavailable):
        read(api)
    with pytest.raises(EffectUnknown):
        write(api)


def test_an_answer_larger_than_the_cap_is_not_used(hub: Hub) -> None:
    hub.on(READ, Reply(body=b'"' + b"x" * 17_000_000 + b'"'))

    with pytest.raises(ResponseTooLarge):
        read(personal(hub))


def limited(status: int, *, message: str = "No", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, body={"message": message}, headers=named)


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (limited(403, retry_after="7"), 7),
        (limited(429, retry_after="7"), 7),
        (limited(429), 60),
        (limited(403, message="You have exceeded a secondary rate limit."), 60),
        (limited(403, x_ratelimit_remaining="0", x_ratelimit_reset="99999999999"), None),
    ],
)
def test_a_limit_stops_all_calls_of_this_identity_until_it_is_over(
    hub: Hub, reply: Reply, seconds: int | None
) -> None:
    hub.on(READ, reply)
    hub.on(WRITE, Reply(body={}))
    api = personal(hub)

    with pytest.raises(RateLimited) as first:
        read(api)
    for call in (read, write, read):
        with pytest.raises(RateLimited) as later:
            call(api)

    assert len(hub.asked) == 1
    assert first.value.retry_after > 0
    assert later.value.retry_after > 0
    if seconds is not None:
        assert first.value.retry_after == pytest.approx(seconds, abs=0.5)


def test_a_missing_permission_is_no_limit(hub: Hub) -> None:
    hub.on(
        READ,
        limited(
            403, message="Resource not accessible by integration", x_ratelimit_remaining="4000"
        ),
    )
    api = personal(hub)

    for _ in range(2):
        with pytest.raises(Forbidden):
            read(api)

    assert len(hub.asked) == 2


def test_the_last_call_of_the_hour_closes_the_limit_before_github_has_to(hub: Hub) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999999"}
    hub.on(READ, Reply(body={}, headers=headers))
    api = personal(hub)

    assert read(api) == {}
    with pytest.raises(RateLimited):
        read(api)

    assert len(hub.asked) == 1


def test_a_renamed_repository_is_followed_by_its_id(hub: Hub) -> None:
    for method, call, status in (("GET", READ, 301), ("POST", WRITE, 307)):
        hub.on(call, Reply(status=status, headers={"Location": f"{hub.url}/repositories/7/x"}))
        hub.on(f"{method} /repositories/7/x", Reply(body={"method": method}))
    api = personal(hub)

    assert read(api) == {"method": "GET"}
    assert write(api) == {"method": "POST"}
    assert hub.calls("POST /repositories/7/x")[0].body == {"a": 1}


def test_neither_call_nor_token_goes_to_another_host(hub: Hub) -> None:
    elsewhere = hub.url.replace("127.0.0.1", "localhost")
    hub.on(READ, Reply(status=302, headers={"Location": f"{elsewhere}/stolen"}))
    hub.on("GET /stolen", Reply(body={}))

    with pytest.raises(Unexpected):
        read(personal(hub))

    assert not hub.calls("GET /stolen")


def test_a_write_is_not_led_into_another_repository(hub: Hub) -> None:
    """The address of a transferred issue leads to the repository it went to."""
    hub.on(WRITE, Reply(status=307, headers={"Location": f"{hub.url}/repositories/8/x"}))
    hub.on("POST /repositories/8/x", Reply(body={}))

    with pytest.raises(Unexpected, match="another repository"):
        write(personal(hub))

    assert not hub.calls("POST /repositories/8/x")


def test_a_write_is_not_turned_into_a_read_and_a_circle_ends(hub: Hub) -> None:
    hub.on(WRITE, Reply(status=301, headers={"Location": f"{hub.url}/repositories/7/x"}))
    hub.on(READ, Reply(status=302, headers={"Location": f"{hub.url}/repos/octo/shop/x"}))
    api = personal(hub)

    with pytest.raises(Unexpected):
        write(api)
    with pytest.raises(Unexpected):
        read(api)

    assert len(hub.calls(READ)) == 4


def test_an_unchanged_answer_is_remembered_with_its_next_page(hub: Hub) -> None:
    path = "/repos/octo/shop/things"
    following = f'<{hub.url}{path}?page=2>; rel="next", <{hub.url}{path}?page=9>; rel="last"'
    first = Reply(body=[1], headers={"ETag": '"v1"', "Link": following})
    unchanged = Reply(status=304)
    hub.on(f"GET {path}", first, Reply(body=[2]), unchanged, Reply(body=[2]))
    api = personal(hub)

    before = api.pages("/things", list[int])
    after = api.pages("/things", list[int])

    assert before == after == [[1], [2]]
    asked = hub.calls(f"GET {path}")
    assert [each.headers.get("if-none-match") for each in asked] == [None, None, '"v1"', None]
    assert [each.query for each in asked] == ["per_page=100", "page=2"] * 2


def test_a_304_nobody_asked_for_is_no_answer(hub: Hub) -> None:
    hub.on(READ, Reply(status=304))

    with pytest.raises(Unexpected):
        read(personal(hub))


def test_pages_end_and_stay_on_their_host(hub: Hub) -> None:
    path = "/repos/octo/shop/things"
    circle = Reply(body=[], headers={"Link": f'<{hub.url}{path}?page=2>; rel="next"'})
    hub.on(f"GET {path}", circle)
    with pytest.raises(ResponseTooLarge):
        personal(hub).pages("/things", list[int])
    away = Reply(body=[], headers={"Link": '<http://127.0.0.1:9/x>; rel="next"'})
    hub.on(f"GET {path}", away)
    with pytest.raises(Unavailable):
        personal(hub).pages("/things", list[int])


def test_a_token_echoed_by_an_answer_is_hidden(hub: Hub) -> None:
    hub.on(READ, Reply(status=422, body={"message": f"bad {TOKEN}", "errors": [TOKEN]}))

    with pytest.raises(Unprocessable) as error:
        read(personal(hub))

    assert TOKEN not in str(error.value)
    assert "***" in str(error.value)


@pytest.mark.parametrize(
    ("errors", "reading", "writing"),
    [
        ([{"type": "NOT_FOUND", "message": "?"}], NotFound, NotFound),
        ([{"type": "FORBIDDEN", "message": "?"}], Forbidden, Forbidden),
        ([{"type": "UNPROCESSABLE", "message": "?"}], Unprocessable, Unprocessable),
        ([{"message": "Something went wrong while executing"}], Unavailable, EffectUnknown),
        ([{"message": "Field 'x' doesn't exist"}], Unexpected, Unexpected),
    ],
)
def test_errors_of_graphql_are_sorted_like_those_of_rest(
    hub: Hub, errors: Any, reading: type[RigError], writing: type[RigError]
) -> None:
    hub.on("POST /graphql", Reply(body={"data": None, "errors": errors}))
    api = personal(hub)

    with pytest.raises(reading):
        api.query("query { x }", dict)
    with pytest.raises(writing):
        api.mutate("mutation { x }", dict)


def test_the_limit_of_graphql_leaves_rest_open(hub: Hub) -> None:
    limit = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}
    hub.on("POST /graphql", Reply(body=limit))
    hub.on(READ, Reply(body={}))
    api = personal(hub)

    for _ in range(2):
        with pytest.raises(RateLimited):
            api.query("query { x }", dict)

    assert read(api) == {}
    assert len(hub.calls("POST /graphql")) == 1


def test_names_cannot_leave_their_place_in_the_address(hub: Hub) -> None:
    api = personal(hub)
    assert api.find("/x", dict, q="a&b=c#d/../e") is None

    (asked,) = hub.calls(READ)
    assert asked.query == "q=a%26b%3Dc%23d%2F..%2Fe"
    assert asked.path.startswith(f"/repos/{SHOP.full_name}")
