"""Schema and parser judge alike, and no input gets past both without an answer."""

import json

import jsonschema
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rigtasks.routing.agent_config import AgentConfig, ConfigInvalid, parse_agent_config
from rigtasks.routing.keys import KEYS, Key, Kind
from rigtasks.routing.schema import DIALECT, json_schema


def judge(data: bytes) -> AgentConfig | ConfigInvalid:
    try:
        return parse_agent_config(data)
    except ConfigInvalid as error:
        return error


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
@example(b"%YAML 9.9\n---\nstack: node")
@example(b'a: "\\U00110000"')
@example(b"%YAML 1111111111111111111111111111111111.1\n---\n")
def test_any_bytes_give_a_config_or_a_place(data: bytes) -> None:
    verdict = judge(data)

    assert isinstance(verdict, AgentConfig) or min(verdict.line, verdict.column) >= 1


PIECES = (
    """stack node no limits maxTurns 5 : - [ ] { } , &a *a ! !! % | > ' " # ? << \\ @ --- ..."""
)
YAML_PIECES = st.lists(st.sampled_from([*PIECES.split(), " ", "\n", "\t", ": "]), max_size=30).map(
    "".join
)


@given(YAML_PIECES)
@settings(max_examples=400, deadline=None)
def test_any_broken_yaml_gives_a_config_or_a_place(text: str) -> None:
    verdict = judge(text.encode())

    assert isinstance(verdict, AgentConfig) or verdict.line <= text.count("\n") + 1


TELLING = """a/b ../x main a..b --x @a/b@1 a==1 no 5 é C:/x ~ !x x.lock HEAD a/.git/b x/ /x a//b"""
AWKWARD = ["npm test", "", "x\n", " x", "x ", "x\u200b", "\x07", "\t", "\U0001f469\u200d\U0001f4bb"]
TEXTS = st.one_of(
    st.sampled_from([*TELLING.split(), *AWKWARD, "a" * 41, "a" * 101, "a" * 201]),
    st.text(st.characters(codec="utf-8", exclude_characters="\x85\ufffe\uffff"), max_size=12),
)


def values(key: Key) -> st.SearchStrategy[object]:
    match key.kind:
        case Kind.SECTION:
            return st.fixed_dictionaries({}, optional={k.name: values(k) for k in key.keys})
        case Kind.LIST:
            return st.lists(TEXTS, max_size=3) | st.just(["a"] * (key.max_items + 1))
        case Kind.CHOICE:
            return st.sampled_from(key.choices).map(str) | st.sampled_from(["no", "Rig", ""])
        case Kind.INTEGER | Kind.MONEY:
            low, high = int(key.minimum), int(key.maximum)
            return (
                st.integers(low - 1, high + 1)
                | st.floats(low, high, allow_nan=False).map(lambda f: round(f, 2))
                | st.sampled_from([low - 0.5, 1.5, 2.0, high + 0.5])
            )
        case Kind.TEXT:
            return TEXTS


WRONG: st.SearchStrategy[object] = st.sampled_from([None, True, 5, [], {}, "x", [None], {"a": 1}])
ONE_KEY = st.sampled_from(KEYS).flatmap(lambda key: values(key).map(lambda v: {key.name: v}))
FILES = st.one_of(
    ONE_KEY,
    ONE_KEY,
    st.fixed_dictionaries({}, optional={key.name: values(key) for key in KEYS}),
    st.fixed_dictionaries({}, optional={key.name: values(key) | WRONG for key in KEYS}),
    st.dictionaries(st.sampled_from([key.name for key in KEYS] + ["Stack", "x"]), WRONG),
    WRONG,
)
SCHEMA = jsonschema.Draft202012Validator(json_schema())


@given(FILES)
@settings(max_examples=500, deadline=None)
@example({"limits": {"maxTurns": 40.0, "maxCostUsd": 0.01}})
@example({"testCommand": "a\n"})
@example({"model": "a\n"})
@example({"tools": ["a\n"], "paths": {"deny": ["x\n"]}})
def test_schema_and_parser_judge_every_file_alike(file: object) -> None:
    as_yaml = json.dumps(file, ensure_ascii=False).replace("\x7f", "\\u007f").encode()

    accepted_by_schema = SCHEMA.is_valid(file)
    accepted_by_parser = isinstance(judge(as_yaml), AgentConfig)

    assert accepted_by_parser == accepted_by_schema


def test_the_schema_is_closed_and_valid() -> None:
    schema = json_schema()

    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == DIALECT
    assert schema["additionalProperties"] is False
    assert all(
        value["additionalProperties"] is False
        for value in schema["properties"].values()
        if value["type"] == "object"
    )
    assert json.loads(json.dumps(schema)) == schema
