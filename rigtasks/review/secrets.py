"""Find credentials in text without ever repeating them.

Known forms are looked for as written, reversed, in base64 and hexadecimal, and across string
literals that are put together. What has no known form is found by where it is (something named
like a secret) and by how random it looks.
"""

import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Iterator

import msgspec

#: What to call a credential, and how it looks. Suffixes are long enough not to match prose.
_FORMS: tuple[tuple[str, str], ...] = (
    ("GitHub token", r"gh[pousr]_[A-Za-z0-9]{30,}"),
    ("GitHub token", r"github_pat_[A-Za-z0-9_]{30,}"),
    ("GitLab token", r"glpat-[A-Za-z0-9_-]{18,}"),
    ("AWS access key", r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[0-9A-Z]{16}(?![A-Za-z0-9])"),
    ("Anthropic key", r"sk-ant-[A-Za-z0-9_-]{20,}"),
    ("OpenAI key", r"sk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{32,}"),
    ("Slack token", r"xox[abeoprs]-[A-Za-z0-9-]{12,}"),
    ("Stripe key", r"[rs]k_live_[A-Za-z0-9]{16,}"),
    ("Google API key", r"AIza[A-Za-z0-9_-]{35}"),
    ("npm token", r"npm_[A-Za-z0-9]{30,}"),
    ("PyPI token", r"pypi-AgE[A-Za-z0-9_-]{40,}"),
    ("SendGrid key", r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("Hugging Face token", r"hf_[A-Za-z0-9]{30,}"),
    ("private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    ("signed token", r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}"),
)
_KNOWN = re.compile("|".join(f"(?P<f{index}>{form})" for index, (_, form) in enumerate(_FORMS)))
_CONCATENATION = re.compile(r"[\"'`]\s{0,40}[+.&\\]?\s{0,40}[\"'`]")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){20,}")
_ASSIGNMENT = re.compile(
    r"(?P<name>[A-Za-z0-9_.-]{0,60})[\"']?\s{0,8}(?::=|=>|[:=])\s{0,8}"
    r"(?P<quote>[\"'`]?)(?P<value>[A-Za-z0-9+/_.=~!%^&*#@$-]{16,})(?P=quote)"
)
_SECRET_NAME = re.compile(
    r"(?i)(?:secret|token|passw(?:or)?d|pwd|api_?key|private_?key|access_?key|credential"
    r"|auth_?key|client_?key|signing_?key|encryption_?key)"
)
_PLACEHOLDER = re.compile(
    r"(?i)example|sample|changeme|change-me|placeholder|dummy|your|xxxx|\*\*\*\*|0000|1234567"
    r"|^(?:process|os|env|config|settings|self|this|secrets|vars)[.\[]"
)

#: Bits per character from which on a named or an unnamed value counts as random.
NAMED_ENTROPY = 3.3
UNNAMED_ENTROPY = 4.4
_UNNAMED_LENGTH = 32
_DEPTH = 2


class SecretHit(msgspec.Struct, frozen=True, kw_only=True):
    """What kind of credential was found and on which line of the text; never its value."""

    kind: str
    line: int


def find_secrets(text: str, *, by_entropy: bool = True) -> tuple[SecretHit, ...]:
    """Return the credentials in `text`, by line counted from 1.

    Args:
        text: any text; the time spent grows with its length only.
        by_entropy: also report random values without a known form; off for lock files, whose
            checksums are random by nature.
    """
    found: dict[tuple[int, str], SecretHit] = {}
    for line, kind in _hits(text, by_entropy=by_entropy):
        found.setdefault((line, kind), SecretHit(kind=kind, line=line))
    return tuple(found[key] for key in sorted(found))


def _hits(text: str, *, by_entropy: bool) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        kinds = _known_forms(line, depth=_DEPTH)
        if kinds:
            yield from ((number, kind) for kind in kinds)
        elif by_entropy and _random_assignment(line):
            yield number, "random value that looks like a credential"
    for kind, offset in _split_over_literals(text):
        yield text.count("\n", 0, offset) + 1, kind


def _known_forms(line: str, *, depth: int) -> tuple[str, ...]:
    """Return the kinds of known credentials in one line, in any of their disguises."""
    kinds = {_kind(match) for shown in (line, line[::-1]) for match in _KNOWN.finditer(shown)}
    if depth > 0:
        for shown in (line, line[::-1]):
            for decoded in _decoded(shown):
                kinds |= {f"encoded {kind}" for kind in _known_forms(decoded, depth=depth - 1)}
    return tuple(sorted(kinds))


def _kind(match: re.Match[str]) -> str:
    return _FORMS[int((match.lastgroup or "f0")[1:])][0]


def _decoded(line: str) -> Iterator[str]:
    for match in _BASE64.finditer(line):
        body = match[0].rstrip("=").replace("-", "+").replace("_", "/")
        usable = body[: len(body) - 1] if len(body) % 4 == 1 else body
        yield base64.b64decode(usable + "=" * (-len(usable) % 4)).decode("latin-1")
    for match in _HEX.finditer(line):
        yield binascii.unhexlify(match[0]).decode("latin-1")


def _split_over_literals(text: str) -> Iterator[tuple[str, int]]:
    """Find known forms that appear once neighbouring literals are put together."""
    if not _CONCATENATION.search(text):
        return
    offsets: list[int] = []
    parts: list[str] = []
    position = 0
    for match in _CONCATENATION.finditer(text):
        parts.append(text[position : match.start()])
        offsets += range(position, match.start())
        position = match.end()
    parts.append(text[position:])
    offsets += range(position, len(text))
    for match in _KNOWN.finditer("".join(parts)):
        yield _kind(match), offsets[match.start()]


def _random_assignment(line: str) -> bool:
    for match in _ASSIGNMENT.finditer(line):
        name, value = match["name"], match["value"]
        if _PLACEHOLDER.search(value) or not _mixed(value):
            continue
        bits = entropy(value)
        if _SECRET_NAME.search(name):
            if bits >= NAMED_ENTROPY:
                return True
        elif match["quote"] and len(value) >= _UNNAMED_LENGTH and bits >= UNNAMED_ENTROPY:
            return True
    return False


def _mixed(value: str) -> bool:
    """Say whether a value has both letters and digits; names of things rarely do."""
    return any(char.isdigit() for char in value) and any(char.isalpha() for char in value)


def entropy(value: str) -> float:
    """Return the Shannon entropy of `value` in bits per character."""
    total = len(value)
    return -sum(n / total * math.log2(n / total) for n in Counter(value).values()) if total else 0.0
