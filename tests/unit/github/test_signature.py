"""Signatures of deliveries: what is accepted, what is refused and with which code."""

import hashlib
import hmac
import sys
from collections.abc import Callable

import pytest

from rigtasks.errors import Rejected
from rigtasks.github.signature import SecretMissing, SignatureVerifier

BODY = b'{"zen": "Keep it logically awesome."}'


def signed(body: bytes, secret: str) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_the_example_of_githubs_documentation_is_accepted() -> None:
    verifier = SignatureVerifier(["It's a Secret to Everybody"])

    verifier.verify(
        b"Hello, World!",
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    )


def test_during_a_rotation_both_secrets_are_accepted_and_no_third() -> None:
    verifier = SignatureVerifier(["new secret", "old secret"])

    verifier.verify(BODY, signed(BODY, "new secret"))
    verifier.verify(BODY, signed(BODY, "old secret"))
    with pytest.raises(Rejected) as refused:
        verifier.verify(BODY, signed(BODY, "third secret"))

    assert refused.value.code == "signature-mismatch"


@pytest.mark.parametrize("header", [None, ""])
def test_an_unsigned_delivery_is_refused(header: str | None) -> None:
    with pytest.raises(Rejected) as refused:
        SignatureVerifier(["secret"]).verify(BODY, header)

    assert refused.value.code == "signature-missing"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda header: header.upper(),
        lambda header: header.replace("sha256=", "SHA256="),
        lambda header: header.replace("sha256=", "sha1="),
        lambda header: header.replace("sha256=", ""),
        lambda header: header[:-1],
        lambda header: header + "0",
        lambda header: header + "\n",
        lambda header: " " + header,
        lambda header: header + "," + header,
        lambda header: header[:-1] + "é",
        lambda header: header[:-1] + "٣",
        lambda header: header[:-1] + "\udce9",
        lambda _: "sha256=" + "g" * 64,
        lambda _: "x" * 100_000,
    ],
)
def test_a_header_of_another_form_is_refused_without_a_crash(spoil: Callable[[str], str]) -> None:
    with pytest.raises(Rejected) as refused:
        SignatureVerifier(["secret"]).verify(BODY, spoil(signed(BODY, "secret")))

    assert refused.value.code == "signature-malformed"


def test_a_changed_body_is_refused() -> None:
    with pytest.raises(Rejected) as refused:
        SignatureVerifier(["secret"]).verify(BODY + b" ", signed(BODY, "secret"))

    assert refused.value.code == "signature-mismatch"


def test_every_wrong_signature_costs_the_same_steps() -> None:
    """A timing probe learns nothing: neither which letter nor which secret was nearer."""
    verifier = SignatureVerifier(["new secret", "old secret"])
    new, old = signed(BODY, "new secret"), signed(BODY, "old secret")

    def other(letter: str) -> str:
        return "0" if letter != "0" else "1"

    wrong = [
        f"sha256={other(new[7])}{new[8:]}",
        new[:-1] + other(new[-1]),
        old[:-1] + other(old[-1]),
        "sha256=" + "0" * 64,
    ]
    steps = [_steps(verifier, header) for header in (new, old, *wrong)]

    assert steps[0].count("compare_digest") == 2
    assert steps[0] == steps[1], "the older secret takes longer"
    assert all(each == steps[2] for each in steps[2:])
    assert steps[2][: len(steps[0])] == steps[0], "a right one is done sooner"


def _steps(verifier: SignatureVerifier, header: str) -> list[str]:
    """Return the functions written in C that a check calls, in order."""
    called: list[str] = []

    def watch(_frame: object, event: str, argument: object) -> None:
        if event == "c_call":
            called.append(str(getattr(argument, "__name__", "")))

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        verifier.verify(BODY, header)
    except Rejected:
        pass
    finally:
        sys.setprofile(before)
    return [name for name in called if name != "setprofile"]


@pytest.mark.parametrize("secrets", [[], [""], ["  "], ["good", ""], ["one", "two", "three"]])
def test_a_verifier_without_proper_secrets_is_never_built(secrets: list[str]) -> None:
    with pytest.raises(SecretMissing):
        SignatureVerifier(secrets)


def test_neither_a_refusal_nor_the_verifier_shows_a_secret() -> None:
    verifier = SignatureVerifier(["hunter2"])

    with pytest.raises(Rejected) as refused:
        verifier.verify(BODY, signed(BODY, "another"))

    assert "hunter2" not in repr(verifier) + str(refused.value) + repr(refused.value)


def test_a_secret_outside_ascii_works() -> None:
    SignatureVerifier(["schlüssel"]).verify(BODY, signed(BODY, "schlüssel"))
