"""Every way of being a bad `.rig-agent.yaml`, by name: the bytes, the place and the words."""

from typing import NamedTuple

from rigtasks.routing.yaml_tree import MAX_BYTES

FULL = b"""\
# the whole table once
stack: python
tools:
  - firebase-tools
  - "ruff==0.9.1"
  - "@angular/cli@19.0.0"
setupCommand: pip install -r requirements.txt
buildCommand: make
testCommand: |
  set -e
  pytest
workdir: services/api
baseBranch: release/2.x
escalate:
  - needs a decision on money
limits:
  maxTurns: 40
  maxCostUsd: 2.505
  maxMinutes: 30
  maxReviewLoops: 2
merge:
  mode: never
  method: rebase
  requiredChecks: ["test (3.11, ubuntu)"]
  blockLabels: [on hold]
paths:
  sensitive: ["src/auth/**"]
  deny: [db/migrations/*]
review: human
provider: command
model: some-model/large-4.5:latest
"""


class Case(NamedTuple):
    """One bad file and what its author is told; lines and columns count from 1."""

    data: bytes
    line: int
    column: int
    says: str


def _cases(*rows: tuple[str | bytes, int, int, str]) -> tuple[Case, ...]:
    return tuple(
        Case(text.encode() if isinstance(text, str) else text, line, column, says)
        for text, line, column, says in rows
    )


def _bomb(levels: int) -> str:
    lines = ['a0: &a0 ["x", "x"]']
    lines += [
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, levels)
    ]
    return "\n".join(lines)


BAD_CONFIGS: dict[str, tuple[Case, ...]] = {
    "empty": _cases(
        ("", 1, 1, "empty"),
        ("# only a comment\n", 1, 1, "empty"),
        ("---\n...\n", 2, 1, "holds nothing"),
    ),
    "null": _cases(("null", 1, 1, "holds nothing"), ("~", 1, 1, "holds nothing")),
    "list": _cases(("- stack", 1, 1, "a list where keys are expected")),
    "10 MB": _cases(
        (b"#" * (MAX_BYTES + 1), 1, 1, "65537 bytes, at most 65536"),
        (b"a: b\n" * 2_097_152, 1, 1, "10485760 bytes, at most 65536"),
    ),
    "not UTF-8": _cases(
        (b"stack: \xff", 1, 8, "Save it as UTF-8"),
        ("# ü\nstack: ü".encode("latin-1"), 1, 3, "Save it as UTF-8"),
        ("stack: node".encode("utf-16"), 1, 1, "Save it as UTF-8"),
        (b"a: b\r\rc: \xff", 3, 4, "Save it as UTF-8"),
        ("a: b\u2028c: ".encode() + b"\xff", 1, 9, "Save it as UTF-8"),
        (b"stack: node\nmodel: a\x00b", 2, 9, "control character"),
    ),
    "tabs": _cases(
        ("\tstack: node", 1, 1, "never with tabs"),
        ("limits:\n\tmaxTurns: 1", 2, 1, "never with tabs"),
    ),
    "several documents": _cases(("stack: node\n---\nstack: python\n", 2, 1, "second document")),
    "!!python/object/apply:os.system": _cases(
        ("a: !!python/object/apply:os.system [x]", 1, 4, "tag"),
        ("!!python/object/apply:os.system ['touch /tmp/x']", 1, 1, "tag"),
        ("stack: !!python/name:os.system", 1, 8, "tag"),
        ("stack: !!str node", 1, 8, "tag"),
        ("stack: ! node", 1, 8, "tag"),
    ),
    "alias bomb": _cases(
        (_bomb(9), 1, 5, "anchors and aliases"),
        (_bomb(500), 1, 5, "anchors and aliases"),
        ("stack: &a node", 1, 8, "anchors and aliases"),
        ("stack: *a", 1, 8, "anchors and aliases"),
        ("&a a: {b: *a}", 1, 1, "anchors and aliases"),
        ("<<: {stack: node}", 1, 1, "merge keys"),
    ),
    "directives": _cases(
        ("%YAML 1.1\n---\nstack: node", 1, 1, "directives are not accepted"),
        ("%TAG ! tag:yaml.org,2002:\n---\nstack: !str node", 1, 1, "directives"),
        ("%YAML 1.0\n{e", 1, 1, "directives are not accepted"),
        ("%YAML 9.9\n---\nstack: node", 1, 1, "directives are not accepted"),
        ("# c\r\n%SOMETHING\n---\nstack: [", 2, 1, "Remove the line that begins with `%`"),
    ),
    "deep nesting": _cases(
        ("[" * 50_000, 1, 8, "nested or filled"),
        ("{" * 50_000, 1, 8, "nested or filled"),
        ("- " * 30_000, 1, 15, "nested or filled"),
        ("? " * 30_000, 1, 15, "nested or filled"),
        ("a: [" + "b," * 5_000 + "]", 1, 3999, "nested or filled"),
    ),
    "stack: no": _cases(
        ("stack: no\n", 1, 8, "YAML boolean"),
        ("stack: on\n", 1, 8, "YAML boolean"),
        ("stack: 'no'\n", 1, 8, "Did you mean `node`"),
        ("merge: {mode: off}", 1, 15, "YAML boolean"),
    ),
    "0777": _cases(
        ("limits: {maxTurns: 0777}", 1, 20, "plain number"),
        ("limits: {maxTurns: 0x10}", 1, 20, "plain number"),
        ("limits: {maxTurns: 1_0}", 1, 20, "plain number"),
        ("baseBranch: 0777", 1, 13, "reads as a number in an odd notation"),
    ),
    "12:30:45": _cases(
        ("limits: {maxTurns: 12:30:45}", 1, 20, "plain number"),
        ("testCommand: 12:30:45", 1, 14, 'quotes: "12:30:45"'),
    ),
    "1e3": _cases(
        ("limits: {maxTurns: 1e3}", 1, 20, "plain number"),
        ("model: 1e3", 1, 8, "reads as a number in an odd notation"),
    ),
    "duplicate keys": _cases(
        ("stack: node\nstack: python\n", 2, 1, "written twice"),
        ("stack: node\n'stack': python\n", 2, 1, "written twice"),
        ("limits:\n  maxTurns: 1\n  maxTurns: 2\n", 3, 3, "written twice"),
        ("limits: {maxTurns: 1}\nlimits: {maxMinutes: 2}\n", 2, 1, "written twice"),
    ),
    "unknown keys": _cases(
        ("stak: node", 1, 1, "Did you mean `stack`"),
        ("test_command: x", 1, 1, "Did you mean `testCommand`"),
        ("maxTurns: 5", 1, 1, "belongs under `limits:`"),
        ("limits:\n  stack: node", 2, 3, "belongs at the top"),
        ("version: 1", 1, 1, "Known here: `stack`"),
        ("? [a]\n: b", 1, 3, "plain word"),
    ),
    "wrong types": _cases(
        ("stack: [node]", 1, 8, "not a list"),
        ("stack:", 1, 7, "Write one of"),
        ("stack: 5", 1, 8, "not a number"),
        ("limits: {maxTurns: '10'}", 1, 20, "plain number"),
        ("limits: {maxTurns: yes}", 1, 20, "plain number"),
        ("limits: {maxTurns: 1.5}", 1, 20, "whole number"),
        ("limits: {maxTurns: 0}", 1, 20, "between 1 and 500"),
        ("limits: {maxTurns: -5}", 1, 20, "between 1 and 500"),
        ("limits: {maxMinutes: 241}", 1, 22, "between 1 and 240"),
        ("limits: {maxCostUsd: .inf}", 1, 22, "plain number"),
        ("limits: {maxCostUsd: .nan}", 1, 22, "plain number"),
        ("limits: {maxCostUsd: 0}", 1, 22, "between 0.01 and 1000"),
        ("limits:", 1, 8, "section with keys, not nothing"),
        ("limits: [1]", 1, 9, "section with keys, not a list"),
        ("merge: yes", 1, 8, "section with keys"),
        ("review: {humans: [me]}", 1, 9, "must be a name"),
        ("testCommand: 5", 1, 14, 'quotes: "5"'),
        ("testCommand: yes", 1, 14, 'quotes: "yes"'),
        ("testCommand:", 1, 13, "no value"),
        ("testCommand: [npm, test]", 1, 14, "must be text, not a list"),
        ("baseBranch: 2.0", 1, 13, "reads as a number"),
        ("baseBranch: 2026-01-01", 1, 13, "reads as a date"),
        ("escalate: [{a: b}]", 1, 12, "must be text"),
        ("stack: [node", 1, 13, "YAML stops here"),
    ),
    "stack: review-e": _cases(
        ("stack: review-e", 1, 8, "Write one of node, dotnet, python, ios"),
        ("stack: conductor", 1, 8, "Write one of"),
        ("stack: Node", 1, 8, "Did you mean `node`"),
        ("stack: nоde", 1, 8, "Did you mean `node`"),  # noqa: RUF001 a Cyrillic look-alike
    ),
    "stack: ../../x": _cases(("stack: ../../x", 1, 8, "Write one of")),
    r"stack: dotnet\n": _cases(
        ('stack: "dotnet\\n"', 1, 8, "Write one of"),
        ('stack: "dotnet,review-e"', 1, 8, "Write one of"),
        ("stack: |\n  dotnet\n", 1, 8, "Write one of"),
    ),
    "tools": _cases(
        ('tools: ["left-pad; curl x|sh"]', 1, 9, "package names"),
        ('tools: ["--index-url=http://evil"]', 1, 9, "package names"),
        ('tools: ["-r"]', 1, 9, "package names"),
        ('tools: ["git+https://example.invalid/x"]', 1, 9, "package names"),
        ('tools: ["left-pad@https://example.invalid/x"]', 1, 9, "package names"),
        ('tools: ["left-pad@file:../x"]', 1, 9, "package names"),
        ('tools: ["$(id)"]', 1, 9, "package names"),
        ('tools: ["ruff\\n--pre"]', 1, 9, "package names"),
        ("tools: [./local]", 1, 9, "package names"),
        ("tools: ['a b']", 1, 9, "package names"),
        ("tools: [rеquests]", 1, 9, "package names"),  # noqa: RUF001 a Cyrillic look-alike
        ("tools: [1.0]", 1, 9, "reads as a number"),
        ("tools: left-pad", 1, 8, "must be a list, not text"),
        ("tools: [" + "a," * 21 + "]", 1, 8, "more than 20"),
    ),
    "testCommand that hides something": _cases(
        ("testCommand: '  '", 1, 14, "not blank"),
        ('testCommand: "npm test\\u202e"', 1, 14, "not accepted"),
        ('testCommand: "npm\\0test"', 1, 14, "not accepted"),
        ('testCommand: "npm \\ud800"', 1, 14, "not accepted"),
        ("testCommand: " + "x" * 2_001, 1, 14, "longer than 2000"),
    ),
    "baseBranch": _cases(
        ("baseBranch: --upload-pack=x", 1, 13, "a branch name"),
        ("baseBranch: a..b", 1, 13, "a branch name"),
        ("baseBranch: refs/heads/main", 1, 13, "a branch name"),
        ("baseBranch: main.lock", 1, 13, "a branch name"),
    ),
    "paths outside the repository": _cases(
        ("workdir: ../x", 1, 10, "inside the repository"),
        ("workdir: a/../../x", 1, 10, "inside the repository"),
        ("workdir: /etc", 1, 10, "inside the repository"),
        ("workdir: '~/x'", 1, 10, "inside the repository"),
        ("workdir: 'C:/x'", 1, 10, "inside the repository"),
        ("workdir: 'a\\b'", 1, 10, "inside the repository"),
        ("workdir: sub/.GIT/hooks", 1, 10, "inside the repository"),
        ("workdir: -rf", 1, 10, "inside the repository"),
        ("paths: {deny: [../x]}", 1, 16, "without `..`"),
    ),
    "escalate": _cases(
        ("escalate: requires-macos", 1, 11, "must be a list, not text"),
        (f'escalate: ["{"requires-" * 23}"]', 1, 12, "longer than 200"),
        ('escalate: ["(a+)+$\\n"]', 1, 12, "words on one line"),
    ),
    "env/secret names": _cases(
        ("env: {SECRET: x}", 1, 1, "unknown key"),
        ("secrets: [NPM_TOKEN]", 1, 1, "unknown key"),
        ("GITHUB_TOKEN: x", 1, 1, "unknown key"),
        ("limits:\n  env: {PATH: /tmp}", 2, 3, "unknown key"),
    ),
    "symlinked config file": _cases(
        # what a blob of mode 120000 holds is the path it points at
        ("../shared/rig-agent.yaml", 1, 1, "text where keys are expected"),
    ),
    "config that disables gates": _cases(
        ("merge:\n  approvals: 0", 2, 3, "unknown key"),
        ("merge: {ci: false}", 1, 9, "unknown key"),
        ("merge: {requiredReviews: 0}", 1, 9, "unknown key"),
        ("merge: {mode: always}", 1, 15, "Write one of rig, github-auto, merge-queue, never"),
        ("merge: {requiredChecks: none}", 1, 25, "must be a list"),
        ("merge: {requiredChecks: ['']}", 1, 26, "not accepted"),
        ("merge: {requiredChecks: ['!test']}\nmerge: {}", 2, 1, "written twice"),
        ("review: none", 1, 9, "Write one of agent, human"),
        ("review: false", 1, 9, "YAML boolean"),
        ("paths: {allow: ['.github/**']}", 1, 9, "unknown key"),
        ("paths: {sensitive: ['!src/auth']}", 1, 21, "or `!`"),
        ("humanGate: off", 1, 1, "unknown key"),
        ("limits: {maxReviewLoops: 11}", 1, 26, "between 1 and 10"),
    ),
    "provider and model": _cases(
        ("model: --dangerously", 1, 8, "a model's name"),
        ("provider: Bad/One", 1, 11, "lower case"),
    ),
}
