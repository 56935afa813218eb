"""Credentials are found in any of their disguises and never repeated.

The samples are put together here, so that this file holds none itself.
"""

import base64
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigtasks.review.secrets import entropy, find_secrets

RANDOM = "aZ3kQ9xT7bLm2Vw8Rf5Yc1Hd6Ng4Ps0JuEiO"
UPPER = "Q7ZK2XW9R4TB6M1P"

KNOWN = {
    "GitHub token": "gh" + "p_" + RANDOM,
    "GitLab token": "glp" + "at-" + RANDOM[:20],
    "AWS access key": "AK" + "IA" + UPPER,
    "Anthropic key": "sk-" + "ant-api03-" + RANDOM,
    "OpenAI key": "sk-" + "proj-" + RANDOM,
    "Slack token": "xo" + "xb-" + RANDOM[:24],
    "Stripe key": "sk_" + "live_" + RANDOM[:24],
    "Google API key": "AI" + "za" + RANDOM[:35],
    "npm token": "np" + "m_" + RANDOM,
    "SendGrid key": "S" + "G." + RANDOM[:22] + "." + RANDOM,
    "Hugging Face token": "h" + "f_" + RANDOM,
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "signed token": "ey" + "J" + RANDOM + ".ey" + "J" + RANDOM + "." + RANDOM,
}


def kinds(text: str, *, by_entropy: bool = True) -> set[str]:
    return {hit.kind for hit in find_secrets(text, by_entropy=by_entropy)}


@pytest.mark.parametrize("kind", list(KNOWN))
def test_a_known_form_is_found_as_it_is(kind: str) -> None:
    assert kind in kinds(f"call({KNOWN[kind]!r})", by_entropy=False)


@pytest.mark.parametrize("kind", list(KNOWN))
def test_a_known_form_is_found_reversed(kind: str) -> None:
    assert kind in kinds(KNOWN[kind][::-1], by_entropy=False)


@pytest.mark.parametrize("kind", list(KNOWN))
@pytest.mark.parametrize("lead", ["", "x", "xy"])
def test_a_known_form_is_found_in_base64_at_any_offset(kind: str, lead: str) -> None:
    plain = f"{lead} {KNOWN[kind]}".encode()

    for encoded in (base64.b64encode(plain), base64.urlsafe_b64encode(plain).rstrip(b"=")):
        assert f"encoded {kind}" in kinds(f"data = {encoded.decode()}", by_entropy=False)


def test_a_known_form_is_found_in_hexadecimal_and_in_base64_of_base64() -> None:
    secret = KNOWN["GitHub token"].encode()

    assert kinds(secret.hex(), by_entropy=False)
    assert kinds(base64.b64encode(base64.b64encode(secret)).decode(), by_entropy=False)


@pytest.mark.parametrize("glue", ['" + "', "' '", '" \\\n    "', '"\n    + "', "' . '"])
def test_a_known_form_is_found_across_literals_on_the_line_where_it_begins(glue: str) -> None:
    secret = KNOWN["GitHub token"]

    found = find_secrets(f'ok = 1\nx = "{secret[:12]}{glue}{secret[12:]}"', by_entropy=False)

    assert [(hit.kind, hit.line) for hit in found] == [("GitHub token", 2)]


@pytest.mark.parametrize(
    "line",
    [
        f'password = "{RANDOM[:20]}"',
        f"API_KEY={RANDOM[:24]}",
        f'"clientSecret": "{RANDOM[:20]}",',
        f"auth_token: {RANDOM[:20]}",
        f'value = "{RANDOM}"',
    ],
)
def test_a_random_value_is_found_by_its_name_or_by_how_random_it_is(line: str) -> None:
    assert kinds(line)


def test_a_token_without_its_first_characters_is_still_found() -> None:
    assert kinds(f'part = "{KNOWN["GitHub token"][7:]}xK4q"')


@pytest.mark.parametrize(
    "line",
    [
        "password = os.environ['PASSWORD']",
        "token = settings.github_token_from_file",
        'password = "changeme-please-1234"',
        'API_KEY = "your-api-key-goes-here-1"',
        "secret: ${{ secrets.DEPLOY_TOKEN_2 }}",
        "token = get_token(request2, session)",
        "def test_password_is_checked_when_user_logs_in_2():",
        'sha = "3a7bd3e2360a3d29eea436fcfb7e44c735d117c42d1c1835420b6b9942dd4f1b"',
        'uuid = "123e4567-e89b-12d3-a456-426614174000"',
        "url = 'https://docs.example.org/en/latest/guide/chapter2.html'",
        "The quick brown fox jumps over the lazy dog 12 times.",
        'from "rigtasks/review/secrets2" import find_secrets',
        "task-runner-1 = 'sk-1'",
        "",
    ],
)
def test_ordinary_code_and_prose_are_left_alone(line: str) -> None:
    assert kinds(line) == set()


def test_the_value_is_never_repeated() -> None:
    for secret in KNOWN.values():
        assert secret not in repr(find_secrets(f"x = '{secret}'"))


def test_lines_are_counted_from_one() -> None:
    found = find_secrets(f"a\nb\nkey = '{KNOWN['GitHub token']}'\n")

    assert [hit.line for hit in found] == [3]


@pytest.mark.parametrize("unit", ["a", "'", "' '", "=", "ab12", "eyJ", "sk-", "_token=", "a="])
def test_hostile_text_costs_no_more_than_a_moment(unit: str) -> None:
    started = time.process_time()

    find_secrets((unit * 10_000)[:10_000] + "\n" + unit * 100)

    assert time.process_time() - started < 2


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=120))
def test_any_text_is_searched_without_an_error(text: str) -> None:
    assert all(1 <= hit.line <= text.count("\n") + 1 for hit in find_secrets(text))


@given(st.text(max_size=60))
def test_entropy_lies_between_nothing_and_all_different(text: str) -> None:
    assert 0 <= entropy(text) <= 6


def test_entropy_of_known_texts() -> None:
    assert entropy("") == 0
    assert entropy("aaaa") == 0
    assert entropy("abcd") == 2
