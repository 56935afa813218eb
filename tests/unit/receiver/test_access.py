"""Who may read what the rig knows."""

import base64

import pytest

from webhook_receiver.access import Access, ReadGate

TOKEN = "a-long-token"


def basic(password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"rig:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("remote", "host", "headers", "access"),
    [
        ("127.0.0.1", "localhost:8080", {}, Access.GRANTED),
        ("::1", "[::1]:8080", {}, Access.GRANTED),
        ("127.0.0.1", "rig.localhost", {}, Access.GRANTED),
        ("192.0.2.7", "localhost", {}, Access.LOOPBACK_ONLY),
        (None, "localhost", {}, Access.LOOPBACK_ONLY),
        ("127.0.0.1", "evil.example", {}, Access.LOOPBACK_ONLY),
        ("127.0.0.1", "localhost.evil.example", {}, Access.LOOPBACK_ONLY),
        ("127.0.0.1", "", {}, Access.LOOPBACK_ONLY),
        ("127.0.0.1", "[", {}, Access.LOOPBACK_ONLY),
        ("127.0.0.1", "localhost", {"X-Forwarded-For": "127.0.0.1"}, Access.LOOPBACK_ONLY),
        ("192.0.2.7", "localhost", {"X-Forwarded-For": "127.0.0.1"}, Access.LOOPBACK_ONLY),
    ],
)
def test_without_a_token_only_this_machine_is_answered(
    remote: str | None, host: str, headers: dict[str, str], access: Access
) -> None:
    assert ReadGate("").judge(remote=remote, host=host, headers=headers) is access


@pytest.mark.parametrize(
    ("headers", "access"),
    [
        ({"Authorization": f"Bearer {TOKEN}"}, Access.GRANTED),
        ({"Authorization": f"bearer {TOKEN}"}, Access.GRANTED),
        (basic(TOKEN), Access.GRANTED),
        ({}, Access.TOKEN_REQUIRED),
        ({"Authorization": "Bearer"}, Access.TOKEN_REQUIRED),
        ({"Authorization": f"Bearer {TOKEN}x"}, Access.TOKEN_REQUIRED),
        ({"Authorization": "Bearer é\udcff"}, Access.TOKEN_REQUIRED),
        ({"Authorization": "Basic ###"}, Access.TOKEN_REQUIRED),
        ({"Authorization": "Basic é"}, Access.TOKEN_REQUIRED),
        (basic("wrong"), Access.TOKEN_REQUIRED),
        ({"Authorization": f"Digest {TOKEN}"}, Access.TOKEN_REQUIRED),
    ],
)
def test_with_a_token_everybody_shows_it_from_wherever_they_come(
    headers: dict[str, str], access: Access
) -> None:
    for remote, host in (("127.0.0.1", "localhost"), ("192.0.2.7", "rig.example")):
        assert ReadGate(TOKEN).judge(remote=remote, host=host, headers=headers) is access
