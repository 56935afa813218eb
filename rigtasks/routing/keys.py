"""The keys of `.rig-agent.yaml` as one table: parser, JSON Schema and reference come from it.

Patterns are searched, not full-matched, and use only what Python and ECMA-262 read alike, so that
the published schema and the parser agree on every value.
"""

import re
from enum import StrEnum

import msgspec

from rigtasks.routing.stack import Stack

_BIDI_AND_TAGS = (
    r"\u007f-\u009f\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff"
    "\U000e0000-\U000e007f"
)
_ONE_LINE = rf"^(?![\s\S]*[\u0000-\u001f{_BIDI_AND_TAGS}])"
_MANY_LINES = rf"^(?![\s\S]*[\u0000-\u0008\u000b-\u001f{_BIDI_AND_TAGS}])"
_INSIDE = r"(?![-/!~])(?!(?:[\s\S]*/)?(?:\.\.|\.[gG][iI][tT])(?:/|$))"

COMMAND = rf"{_MANY_LINES}[\s\S]*\S"
PHRASE = rf"{_ONE_LINE}\S(?:.*\S)?$"
PATH = rf"{_ONE_LINE}{_INSIDE}[^\\:~]+$"
TOOL = (
    rf"{_ONE_LINE}(?:@[a-z0-9][a-z0-9._-]*/)?[A-Za-z0-9][A-Za-z0-9._-]*"
    r"(?:(?:==|@)[A-Za-z0-9][A-Za-z0-9.+_-]*)?$"
)
BRANCH = (
    rf"{_ONE_LINE}(?!HEAD$)(?!refs/)(?![\s\S]*(?:\.\.|//|/\.|\./|\.lock(?:/|$)))"
    r"[A-Za-z0-9_](?:[A-Za-z0-9._/#+-]*[A-Za-z0-9_#+-])?$"
)
PROVIDER = rf"{_ONE_LINE}[a-z][a-z0-9-]*$"
MODEL = rf"{_ONE_LINE}[A-Za-z0-9][A-Za-z0-9._:/@\[\]-]*$"


class MergeMode(StrEnum):
    """Who presses the button once every gate holds."""

    RIG = "rig"
    GITHUB_AUTO = "github-auto"
    MERGE_QUEUE = "merge-queue"
    NEVER = "never"


class MergeMethod(StrEnum):
    """How the commits of a pull request arrive on the base branch."""

    SQUASH = "squash"
    MERGE = "merge"
    REBASE = "rebase"


class ReviewBy(StrEnum):
    """Whose approval is needed: the reviewer agent's alone, or a person's as well."""

    AGENT = "agent"
    HUMAN = "human"


class Kind(StrEnum):
    """The shape of a key's value."""

    TEXT = "text"
    CHOICE = "one of"
    INTEGER = "whole number"
    MONEY = "dollars"
    LIST = "list of text"
    SECTION = "section"


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One key: its name in the file, its shape, its bounds and what it does.

    `accepts` says in words what `pattern` admits; `field` is the attribute of the parsed value.
    """

    name: str
    kind: Kind
    about: str
    default: str = "unset"
    accepts: str = ""
    pattern: str = ""
    max_length: int = 200
    max_items: int = 20
    choices: tuple[str, ...] = ()
    minimum: float = 0
    maximum: float = 0
    keys: tuple["Key", ...] = ()
    example: str = ""
    field_name: str = ""

    @property
    def field(self) -> str:
        """Name the attribute that holds the parsed value."""
        return self.field_name or re.sub(r"(?<!^)([A-Z])", r"_\1", self.name).lower()


def _command(name: str, about: str, example: str) -> Key:
    return Key(
        name=name,
        kind=Kind.TEXT,
        about=about,
        accepts="a shell command that is not blank",
        pattern=COMMAND,
        max_length=2_000,
        example=example,
    )


def _names(name: str, about: str, *, max_length: int, default: str = "none") -> Key:
    return Key(
        name=name,
        kind=Kind.LIST,
        about=about,
        default=default,
        accepts="names on one line, without blanks around them",
        pattern=PHRASE,
        max_length=max_length,
        max_items=50,
    )


def _globs(name: str, about: str) -> Key:
    return Key(
        name=name,
        kind=Kind.LIST,
        about=about,
        default="none",
        accepts="patterns relative to the repository, without `..`, a leading `/` or `!`",
        pattern=PATH,
        max_items=100,
    )


def _number(name: str, about: str, *, minimum: int, maximum: int) -> Key:
    return Key(
        name=name,
        kind=Kind.INTEGER,
        about=about,
        default="the rig's setting",
        minimum=minimum,
        maximum=maximum,
    )


LIMITS = Key(
    name="limits",
    kind=Kind.SECTION,
    about="Tightens what one run may use. A value above the rig's own setting changes nothing.",
    keys=(
        _number("maxTurns", "Turns of the agent in one run.", minimum=1, maximum=500),
        Key(
            name="maxCostUsd",
            kind=Kind.MONEY,
            about="Money for one run, in US dollars; kept exactly, to a millionth.",
            default="the rig's setting",
            minimum=0.01,
            maximum=1_000,
            field_name="max_cost_micro_usd",
        ),
        _number("maxMinutes", "Minutes on the clock for one run.", minimum=1, maximum=240),
        _number(
            "maxReviewLoops",
            "Rounds of review and correction before a person is asked.",
            minimum=1,
            maximum=10,
        ),
    ),
)

MERGE = Key(
    name="merge",
    kind=Kind.SECTION,
    about="Adds conditions to the merge gate; none of the rig's own gates can be lifted here.",
    keys=(
        Key(
            name="mode",
            kind=Kind.CHOICE,
            about="Who merges once every gate holds.",
            default="rig",
            choices=tuple(MergeMode),
        ),
        Key(
            name="method",
            kind=Kind.CHOICE,
            about="How the commits arrive on the base branch.",
            default="squash",
            choices=tuple(MergeMethod),
        ),
        _names(
            "requiredChecks",
            "Checks that must be green besides those GitHub requires. A CI that has left no trace "
            "at the head yet is waited for by its name only.",
            max_length=200,
        ),
        _names("blockLabels", "Labels that stop a merge besides the rig's own.", max_length=50),
    ),
)

PATHS = Key(
    name="paths",
    kind=Kind.SECTION,
    about="Files that need more care than others.",
    keys=(
        _globs("sensitive", "Touching one of these raises the human gate."),
        _globs("deny", "An agent may never change these."),
    ),
)

KEYS: tuple[Key, ...] = (
    Key(
        name="stack",
        kind=Kind.CHOICE,
        about="Which worker takes the issues of this repository.",
        default="detected from the files",
        choices=tuple(Stack),
        example="python",
    ),
    Key(
        name="tools",
        kind=Kind.LIST,
        about=(
            "Extra tools for the run, installed in its sandbox before the agent starts. The rig's "
            "operator lists which there are and in which version (`RIG_TOOLS_FILE`); an issue that "
            "needs another one is refused."
        ),
        default="none",
        accepts=(
            "package names, optionally with the listed `==version` or `@version`; no options, "
            "URLs, paths"
        ),
        pattern=TOOL,
        max_length=100,
        example="firebase-tools",
    ),
    _command("setupCommand", "Installs dependencies before the agent starts.", "npm ci"),
    _command("buildCommand", "Must succeed before the tests are run.", "npm run build"),
    _command("testCommand", "Must succeed before a pull request is opened.", "npm test"),
    Key(
        name="workdir",
        kind=Kind.TEXT,
        about="The folder the commands run in, for repositories that hold several projects.",
        default="the repository's root",
        accepts="a folder inside the repository, without `..` or a leading `/`",
        pattern=PATH,
        example="services/api",
    ),
    Key(
        name="baseBranch",
        kind=Kind.TEXT,
        about="The branch that work starts from and is merged into.",
        default="the repository's default branch",
        accepts="a branch name",
        pattern=BRANCH,
        example="develop",
    ),
    Key(
        name="escalate",
        kind=Kind.LIST,
        about=(
            "Words that call a person, looked for as they stand; `*` is anything within a line. "
            "Where an issue's text holds them, somebody with write permission has to set the label "
            "again before an agent starts; a change that holds them in a path or a changed line "
            "waits at the human gate. An entry that names `requires-macos` does neither: it sends "
            "the repository's issues to the `ios` queue."
        ),
        default="none",
        accepts="words on one line",
        pattern=PHRASE,
        example='"needs Xcode (requires-macos)"',
    ),
    LIMITS,
    MERGE,
    PATHS,
    Key(
        name="review",
        kind=Kind.CHOICE,
        about="Whose approval a pull request needs; `human` asks a person besides the agent.",
        default="agent",
        choices=tuple(ReviewBy),
    ),
    Key(
        name="provider",
        kind=Kind.TEXT,
        about=(
            "Whose agent implements, among those the rig's operator offers "
            "(`RIG_OFFERED_MODELS`); an issue that asks for another one waits. Reviews are not "
            "the repository's choice."
        ),
        default="the rig's setting",
        accepts="a provider's name in lower case",
        pattern=PROVIDER,
        max_length=40,
    ),
    Key(
        name="model",
        kind=Kind.TEXT,
        about="The model to ask that provider for, among those offered for it.",
        default="the provider's setting",
        accepts="a model's name",
        pattern=MODEL,
        max_length=100,
    ),
)
