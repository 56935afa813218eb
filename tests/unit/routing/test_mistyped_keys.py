"""A key or a name that is mistyped, or only looks right, is refused and told what was meant."""

from collections.abc import Callable, Iterator

import pytest

from rigtasks.routing.agent_config import ConfigInvalid, parse_agent_config
from rigtasks.routing.keys import KEYS
from rigtasks.routing.look_alikes import skeleton

CYRILLIC = str.maketrans("aceijopsxy", "асеіјорѕху")  # noqa: RUF001 the look-alikes themselves
GREEK = str.maketrans("aikotuv", "αικοτυν")
#: Ways to write a key wrong; each leaves most of it as it is.
SLIPS: dict[str, Callable[[str], str]] = {
    "letters swapped": lambda key: key[:2] + key[3] + key[2] + key[4:],
    "a letter missing": lambda key: key[:-2] + key[-1],
    "a letter too much": lambda key: key + key[-1],
    "capital": lambda key: key[0].upper() + key[1:],
    "capitals": str.upper,
    "small letters": str.lower,
    "snake case": lambda key: _parted(key, "_"),
    "kebab case": lambda key: _parted(key, "-"),
    "Cyrillic": lambda key: key.translate(CYRILLIC),
    "one Cyrillic letter": lambda key: key[:1] + key[1:].translate(CYRILLIC)[:2] + key[3:],
    "Greek": lambda key: key.translate(GREEK),
    "full width": lambda key: "".join(chr(ord(letter) + 0xFEE0) for letter in key),
    "an invisible letter": lambda key: key[:2] + "\u200b" + key[2:],
    "a soft hyphen": lambda key: key[:2] + "\u00ad" + key[2:],
}


def _parted(key: str, mark: str) -> str:
    return "".join(mark + letter.lower() if letter.isupper() else letter for letter in key)


def mistyped() -> Iterator[object]:
    places = [(key.name, "{}: 1") for key in KEYS]
    places += [(one.name, f"{key.name}:\n  {{}}: 1") for key in KEYS for one in key.keys]
    for key, form in places:
        for slip, write in SLIPS.items():
            if write(key) != key:
                yield pytest.param(form, write(key), key, id=f"{key}: {slip}")


@pytest.mark.parametrize(("form", "written", "meant"), tuple(mistyped()))
def test_the_key_that_was_meant_is_named(form: str, written: str, meant: str) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        parse_agent_config(form.format(written).encode())

    told = str(refused.value)
    assert "unknown key" in told
    assert f"Did you mean `{meant}`?" in told
    assert ("not all of these letters are Latin" in told) is not written.isascii()


@pytest.mark.parametrize("written", ["Node", "nоde", "ｎｏｄｅ", "nodе", "noode", "n\u200bode"])  # noqa: RUF001 look-alikes
def test_the_stack_that_was_meant_is_named(written: str) -> None:
    with pytest.raises(ConfigInvalid, match=r"Did you mean `node`\?"):
        parse_agent_config(f"stack: {written}".encode())


@pytest.mark.parametrize("written", ["x", "version", "стек", "工具", "a" * 60_000, "а" * 30_000])  # noqa: RUF001 look-alikes
def test_nothing_is_guessed_where_nothing_is_near(written: str) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        parse_agent_config(f"{written}: 1".encode())

    assert "Did you mean" not in str(refused.value)
    assert len(str(refused.value)) < 700


def test_plain_words_look_like_themselves() -> None:
    names = [key.name.lower() for key in KEYS]

    assert [skeleton(name) for name in names] == names
    assert skeleton("Agent_Ready ") == "agent-ready"
