"""The characters an agent can be given: a name, a role and a way of working, as data."""

from functools import cache
from importlib import resources
from typing import Any

import msgspec
from ruamel.yaml import YAML

from rigtasks.agent.assignment import Role
from rigtasks.errors import Permanent


class Character(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is asked, and how it is told to work; the file name without its ending is its key.

    Args:
        name: as people see it.
        role: what it may be asked.
        task: the first sentence of its prompt.
        rules: what it must keep to.
        answer: how it ends its work.
    """

    name: str
    role: Role
    task: str
    rules: tuple[str, ...]
    answer: str


@cache
def load_character(key: str) -> Character:
    """Read a character from the YAML files beside this module.

    Raises:
        Permanent: there is none of that name, or its file is not a character.
    """
    folder = resources.files(__name__)
    known = sorted(
        file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml")
    )
    if key not in known:
        raise Permanent(f"there is no character {key!r}; known are {', '.join(known)}")
    text = (folder / f"{key}.yaml").read_text(encoding="utf-8")
    data: Any = YAML(typ="safe", pure=True).load(text)
    try:
        return msgspec.convert(data, Character)
    except msgspec.ValidationError as error:
        raise Permanent(f"characters/{key}.yaml is not a character: {error}") from error
