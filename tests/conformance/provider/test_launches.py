"""What every provider promises of the process it asks for, without starting one."""

import pytest

from agents import KEY, KINDS, PROMPT, TOOLS, ask, unstarted
from rigtasks.agent.assignment import Role

SCHEMA = b'{"type":"object"}'


@pytest.mark.parametrize("kind", KINDS)
def test_the_prompt_is_standard_input_and_nothing_else(kind: str) -> None:
    launch = unstarted(kind).launch(ask(prompt=f"{PROMPT} \ud800"))

    assert launch.stdin == f"{PROMPT} ?".encode()
    assert PROMPT not in " ".join([*launch.argv, *launch.env, *launch.env.values()])


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_call_is_started_in_the_same_way(kind: str, role: Role) -> None:
    call = ask(role=role, schema=SCHEMA, cost_micro_usd=1_234_567, session="an-old-one")

    launches = {repr(unstarted(kind).launch(call)) for _ in range(3)}

    assert len(launches) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_another_prompt_changes_nothing_about_the_command(kind: str) -> None:
    provider = unstarted(kind)

    one, other = (provider.launch(ask(prompt=prompt)) for prompt in ("one", "other"))

    assert (one.argv, one.env, one.read_only) == (other.argv, other.env, other.read_only)


@pytest.mark.parametrize("kind", KINDS)
def test_no_start_asks_for_the_network(kind: str) -> None:
    launch = unstarted(kind).launch(ask())

    assert not launch.network
    assert "https://" not in " ".join([*launch.argv, *launch.env.values()])


@pytest.mark.parametrize("kind", TOOLS)
def test_a_key_is_for_the_door_only(kind: str) -> None:
    provider = unstarted(kind)
    launch = provider.launch(ask())

    assert launch.upstream is not None
    assert KEY in str(launch.upstream.headers)
    assert KEY not in repr(provider)
    assert KEY not in repr(launch)
    assert KEY not in repr((launch.argv, launch.env, launch.stdin))
    assert "{model_url}" in " ".join([*launch.argv, *launch.env.values()])


@pytest.mark.parametrize("kind", KINDS)
def test_each_stream_has_a_parser_of_its_own(kind: str) -> None:
    provider = unstarted(kind)

    assert provider.parser()("no event of any tool") == provider.parser()("no event of any tool")
    assert provider.name == kind
    assert provider.model
