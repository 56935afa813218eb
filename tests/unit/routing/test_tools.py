"""What a repository may have installed is the operator's list, word for word."""

import json

import msgspec
import pytest
from intake_scene import POLICY, admitted, config, facts
from msgspec.structs import replace

from rigtasks.routing.decisions import RefusalCode, Refuse
from rigtasks.routing.intake import decide_intake
from rigtasks.routing.keys import KEYS
from rigtasks.routing.tools import (
    DEFAULT_TOOLS,
    NotAllowed,
    Tool,
    ToolList,
    ToolListInvalid,
    parse_tool_list,
)

LIST = ToolList(
    tools={
        "ruff": Tool(pip="ruff==0.17.6"),
        "@angular/cli": Tool(npm="@angular/cli@22.0.1", programs=("ng",)),
        "protoc": Tool(run=("install-protoc", "--into={prefix}", "{prefix}/bin")),
    }
)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ((), ()),
        (("ruff",), ("ruff",)),
        (("ruff==0.17.6", "ruff", "ruff@0.17.6"), ("ruff",)),
        (("@angular/cli", "protoc"), ("@angular/cli", "protoc")),
        (("@angular/cli@22.0.1",), ("@angular/cli",)),
    ],
)
def test_what_is_on_the_list_is_chosen_once(asked: tuple[str, ...], names: tuple[str, ...]) -> None:
    assert LIST.choose(asked) == names


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("left-pad", "asks for `left-pad`, which this rig does not install. It installs"),
        ("rufff", "Did you mean `ruff`?"),
        ("Ruff", "Did you mean `ruff`?"),
        ("r-uff", "Did you mean `ruff`?"),
        ("proto.c", "Did you mean `protoc`?"),
        ("angular-cli", "which this rig does not install"),
        ("@angular/c1i", "Did you mean `@angular/cli`?"),
        ("ruff==0.17.5", "version 0.17.5 of `ruff`, but this rig installs version 0.17.6"),
        ("ruff@latest", "version latest of `ruff`, but this rig installs version 0.17.6"),
        ("protoc==3", "version 3 of `protoc`, but this rig decides on its version"),
        # none of these passes the file's own grammar; the list holds without it, too
        ("--index-url=http://evil", "does not install"),
        ("-r", "does not install"),
        ("git+https://example.invalid/ruff", "does not install"),
        ("ruff; curl x|sh", "does not install"),
        ("ruff\n", "does not install"),
        ("rυff", "Did you mean `ruff`?"),  # noqa: RUF001 a Greek look-alike
        ("../ruff", "does not install"),
        ("", "does not install"),
    ],
)
def test_what_is_not_on_the_list_is_refused_in_words(asked: str, says: str) -> None:
    refused = LIST.choose(["ruff", asked])

    assert isinstance(refused, NotAllowed)
    assert says in refused.sentence
    assert "RIG_TOOLS_FILE" in refused.sentence


def test_an_empty_list_installs_nothing() -> None:
    refused = ToolList().choose(["ruff"])

    assert isinstance(refused, NotAllowed)
    assert "It installs nothing" in refused.sentence


def test_every_step_is_made_of_the_lists_own_words() -> None:
    sources = replace(LIST, pip_index="http://pip/simple", npm_registry="http://npm/")
    pip, npm, own = sources.installations(("ruff", "@angular/cli", "protoc"), prefix="/p")

    assert [one.network for one in (pip, npm, own)] == [True, True, False]
    assert pip.steps[0] == ("python3", "-I", "-m", "venv", "--without-pip", "/p/pip/ruff")
    assert pip.steps[1][-5:] == (":all:", "--index-url", "http://pip/simple", "--", "ruff==0.17.6")
    assert len(pip.steps) == 2
    assert (pip.folder, pip.programs) == ("/p/pip/ruff/bin", ("ruff",))
    assert pip.links == (("ln", "-s", "../pip/ruff/bin/ruff", "/p/bin/ruff"),)
    assert npm.steps[0][:5] == ("npm", "install", "--global", "--prefix", "/p/npm/@angular/cli")
    assert npm.steps[0][-4:] == ("--registry", "http://npm/", "--", "@angular/cli@22.0.1")
    assert "--ignore-scripts" in npm.steps[0]
    assert len(npm.steps) == 1
    assert (npm.folder, npm.programs) == ("/p/npm/@angular/cli/bin", ("ng",))
    assert npm.links == (("ln", "-s", "../npm/@angular/cli/bin/ng", "/p/bin/ng"),)
    assert own.steps == (("install-protoc", "--into=/p", "/p/bin"),)
    assert (own.folder, own.programs, own.links) == ("/p/bin", ("protoc",), ())


def test_two_tools_that_bring_one_program_are_not_both_installed() -> None:
    tools = {
        "pretty": Tool(npm="pretty@1.0.0", programs=("format", "check", "check")),
        "format": Tool(run=("install-format", "{prefix}")),
        "other": Tool(pip="other==1"),
    }

    refused = ToolList(tools=tools).choose(["other", "format", "pretty"])

    assert isinstance(refused, NotAllowed)
    assert refused.sentence.startswith(
        "`tools` asks for `format` and `pretty`, and both bring a program `format`: name only one"
    )
    assert ToolList(tools=tools).choose(["pretty", "other"]) == ("pretty", "other")


def test_the_operator_decides_about_the_network() -> None:
    tools = {"a": Tool(pip="a==1", network=False), "b": Tool(run=("get", "b"), network=True)}

    a, b = ToolList(tools=tools).installations(tools, prefix="/p")

    assert (a.network, b.network) == (False, True)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"ruff": {}}, "`ruff` needs exactly one of `pip`, `npm` and `run`"),
        ({"x": {"pip": "x==1", "npm": "x@1.0.0"}}, "needs exactly one of"),
        ({"x": {"pip": "x"}}, "`pip` with an exact version"),
        ({"x": {"pip": "x>=1"}}, "`pip` with an exact version"),
        ({"x": {"pip": "--pre"}}, "`pip` with an exact version"),
        ({"x": {"pip": "x @ https://example.invalid/x.whl"}}, "`pip` with an exact version"),
        ({"x": {"npm": "x@latest"}}, "`npm` with an exact version"),
        ({"x": {"npm": "x@^1.0.0"}}, "`npm` with an exact version"),
        ({"x": {"npm": "file:../x"}}, "`npm` with an exact version"),
        ({"x": {"npm": "x@1.0.0 --unsafe"}}, "`npm` with an exact version"),
        ({"x": {"run": []}}, "the words of one command"),
        ({"x": {"run": ["-c", "x"]}}, "the words of one command"),
        ({"x": {"run": ["sh", ""]}}, "the words of one command"),
        ({"x": {"run": "npm i x"}}, "Expected `array"),
        ({"--x": {"pip": "x==1"}}, "is no name of a tool"),
        ({"x==1": {"pip": "x==1"}}, "is no name of a tool"),
        ({"../x": {"run": ["true"]}}, "is no name of a tool"),
        ({"@a/b": {"pip": "b==1"}}, "needs a plain name for a package of pip"),
        ({"x": {"pip": "x==1", "programs": ["../sh"]}}, "`programs` as plain names"),
        ({"x": {"pip": "x==1", "shell": "sh"}}, "unknown field `shell`"),
    ],
)
def test_a_wrong_list_is_refused_with_its_entry(entry: dict[str, object], says: str) -> None:
    with pytest.raises(ToolListInvalid) as refused:
        parse_tool_list(json.dumps({"tools": entry}).encode())

    assert says in str(refused.value)


@pytest.mark.parametrize("url", ["pypi", "file:///x", "http://ada:pw@host/", "http://h/ --x", ""])
@pytest.mark.parametrize("key", ["pip_index", "npm_registry"])
def test_an_index_is_an_address_without_a_login(key: str, url: str) -> None:
    with pytest.raises(ToolListInvalid, match="without a login"):
        parse_tool_list(json.dumps({key: url}).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"tool": {}}', b'{"tools": []}'])
def test_what_is_no_list_is_refused(data: bytes) -> None:
    with pytest.raises(ToolListInvalid, match="JSON object with `tools`"):
        parse_tool_list(data)


def test_the_default_list_would_pass_as_an_operators_own() -> None:
    assert parse_tool_list(msgspec.json.encode(DEFAULT_TOOLS)) == DEFAULT_TOOLS
    example = next(key.example for key in KEYS if key.name == "tools")
    assert DEFAULT_TOOLS.choose([example]) == (example,)


def test_an_issue_of_a_repository_that_asks_for_more_is_refused_before_anything_starts() -> None:
    policy = replace(POLICY, tools=LIST)
    given = facts(config_file=config("stack: python\ntools: [rufff]\n"))

    decision = decide_intake(given, policy)

    assert isinstance(decision, Refuse)
    assert decision.code is RefusalCode.TOOL_NOT_ALLOWED
    assert "Did you mean `ruff`?" in decision.sentence
    assert decision.sentence.endswith("Then label the issue `agent-ready` again")


def test_an_issue_of_a_repository_with_allowed_tools_is_admitted() -> None:
    given = facts(config_file=config("stack: python\ntools: [ruff, prettier]\n"))

    assert admitted(given).route.config.tools == ("ruff", "prettier")
