"""The judgement of a push: an `update` hook, what it reads, and GitHub's words in git's answer.

What the rules say is written down before git runs; the hook only looks at the commits that came.
Git reports any refusal as "hook declined"; the answer is rewritten so that the client reads
GitHub's own words.
"""

import re
from pathlib import Path
from typing import IO

import msgspec

from rigtasks.local.github.hub import Hub
from rigtasks.local.github.model import Account, Repository
from rigtasks.local.github.rules.updates import refusals

_SIDE_BAND_ROOM = 60_000
_UPDATE_HOOK = """#!/bin/sh
# Judges one ref of a push: name, old object, new object.
zero=0000000000000000000000000000000000000000
tab=$(printf '\\t')
case "$1" in
  refs/heads/gh-readonly-queue/*) echo "error: deny updating a merge queue's ref" >&2; exit 1 ;;
  refs/heads/*|refs/tags/*) ;;
  *) echo "error: deny updating a hidden ref" >&2; exit 1 ;;
esac
if [ "$2" = "$zero" ]; then since="--not --branches"; else since="^$2"; fi
counts() {
  case "$1" in
    forced)
      [ "$2" != "$zero" ] && [ "$3" != "$zero" ] && ! git merge-base --is-ancestor "$2" "$3" ;;
    merges) [ -n "$(git rev-list --merges --max-count=1 "$3" $since)" ] ;;
    unsigned) git log --format=%G? "$3" $since | grep -q N ;;
  esac
}
told() {
  heading=$1
  while IFS="$tab" read -r ref source when words; do
    [ "$ref" = "$3" ] && [ "$source" = "$2" ] || continue
    [ "$when" = always ] || counts "$when" "$4" "$5" || continue
    if [ -n "$heading" ]; then printf '%s\\n\\n' "$heading" >&2; heading=; fi
    printf '%s %s\\n\\n' - "$words" >&2
  done < "$SANDBOX_REFUSALS"
  [ -z "$heading" ]
}
page="$SANDBOX_RULES_PAGE?ref=$(printf %s "$1" | sed 's|/|%2F|g')"
protection="error: GH006: Protected branch update failed for $1."
rules="error: GH013: Repository rule violations found for $1.
Review all repository rules at $page"
refused=
told "$protection" protection "$@" && refused=1
told "$rules" ruleset "$@" && refused=1
[ -z "$refused" ] || exit 1
if [ "$3" != "$zero" ] && [ -n "$SANDBOX_NO_WORKFLOWS" ]; then
  touched=$(git log --format= --name-only "$3" --not --all -- .github/workflows | head -n 1)
  if [ -n "$touched" ]; then
    subject="refusing to allow a GitHub App to create or update workflow"
    echo "$subject \\`$touched\\` without \\`workflows\\` permission" >&2
    exit 1
  fi
fi
exit 0
"""
_WORKFLOW_REFUSAL = re.compile(rb"(refusing to allow a GitHub App [^\n]*permission)")
_REASONS = {
    b"GH006: Protected branch update failed for ": b"protected branch hook declined",
    b"GH013: Repository rule violations found for ": b"push declined due to repository rule "
    b"violations",
}


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One command of a push: from which object to which a ref shall move."""

    ref: str
    old: str
    new: str


def write_hooks(folder: Path) -> None:
    """Write the only hook the forge runs."""
    folder.mkdir(parents=True, exist_ok=True)
    hook = folder / "update"
    hook.write_text(_UPDATE_HOOK, encoding="utf-8")
    hook.chmod(0o755)


def moves(body: IO[bytes]) -> list[Move]:
    """Return what a receive-pack request wants to move."""
    body.seek(0)
    found = []
    while (length := int(body.read(4) or b"0", 16)) > 4:  # noqa: PLR2004  # four digits of length
        command = body.read(length - 4).split(b"\0", 1)[0].decode("utf-8", "replace").rstrip("\n")
        if command.count(" ") >= 2:  # noqa: PLR2004  # old, new, ref
            old, new, ref = command.split(" ", 2)
            found.append(Move(ref=ref, old=old, new=new))
    return found


def listed(hub: Hub, repo: Repository, wanted: list[Move], actor: Account) -> bytes:
    """Return the lines the hook reads: ref, source, condition and words, with tabs between."""
    lines = []
    for move in wanted:
        branch = move.ref.removeprefix("refs/heads/")
        if branch == move.ref:
            continue
        lines += [
            f"{move.ref}\t{one.source}\t{one.when}\t{one.words}\n"
            for one in refusals(hub, repo, branch, move.old, move.new, actor)
        ]
    return "".join(lines).encode()


def with_reasons(answer: bytes) -> bytes:
    """Put GitHub's words for a refusal where git only says that a hook declined."""
    if b"hook declined" not in answer:
        return answer
    bands: dict[int, bytes] = {1: b"", 2: b""}
    for packet in _packets(answer):
        if packet and packet[0] in bands:
            bands[packet[0]] += packet[1:]
    report = b""
    for line in _packets(bands[1]):
        text = line
        if line.startswith(b"ng ") and line.rstrip().endswith(b"hook declined"):
            ref = line.split(b" ", 2)[1]
            reason = _reason(bands[2], ref)
            text = line if reason is None else b"ng " + ref + b" " + reason + b"\n"
        report += _packet(text)
    report += b"0000"
    pieces = [
        _packet(b"\x02" + bands[2][start : start + _SIDE_BAND_ROOM])
        for start in range(0, len(bands[2]), _SIDE_BAND_ROOM)
    ]
    return b"".join([*pieces, _packet(b"\x01" + report), b"0000"])


def _reason(said: bytes, ref: bytes) -> bytes | None:
    for heading, reason in _REASONS.items():
        if heading + ref + b"." in said:
            return reason
    refusal = _WORKFLOW_REFUSAL.search(said)
    return None if refusal is None else refusal[1]


def _packets(stream: bytes) -> list[bytes]:
    packets = []
    position = 0
    while position + 4 <= len(stream):
        length = int(stream[position : position + 4], 16)
        if length >= 4:  # noqa: PLR2004  # the length counts its own four digits
            packets.append(stream[position + 4 : position + length])
        position += max(length, 4)
    return packets


def _packet(content: bytes) -> bytes:
    return f"{len(content) + 4:04x}".encode() + content
