"""The page of the sandbox GitHub names every key of its files, and its examples are read."""

import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from rigtasks.local.github.faults.plan import AnyRule, FaultPlan
from rigtasks.local.github.limits import GITHUBS_LIMITS, Limits
from rigtasks.local.github.seed_file import Seed, read_seed
from rigtasks.local.github.strict_data import read_file

PAGE = (Path(__file__).parents[3] / "docs" / "sandbox-github.md").read_text()
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def keys_of(kind: Any) -> set[str]:
    parts = msgspec.json.schema(kind)["$defs"].values()
    return {name for part in parts for name in part.get("properties", {})}


@pytest.mark.parametrize("kind", [Seed, FaultPlan, Limits])
def test_every_key_is_on_the_page(kind: Any) -> None:
    spans = {word for span in re.findall(r"`([^`\n]+)`", PAGE) for word in re.split(r"[^\w]", span)}
    in_examples = set(re.findall(r"(\w+):", "".join(EXAMPLES)))
    assert keys_of(kind) - spans - in_examples == set()


def test_every_fault_is_on_the_page_with_its_own_keys() -> None:
    rows = {
        cells[1].strip(" `"): cells[3]
        for cells in (line.split("|") for line in PAGE.splitlines() if line.startswith("| `"))
        if len(cells) == 5
    }
    shared = set(get_args(AnyRule)[0].__base__.__struct_fields__)
    about_webhooks = set(get_args(AnyRule)[-1].__base__.__struct_fields__)
    for kind in get_args(AnyRule):
        own = set(kind.__struct_fields__) - shared - about_webhooks
        told = rows[kind.__struct_config__.tag]
        assert {name for name in own if f"`{name}`" not in told} == set(), kind


def test_githubs_limits_are_those_of_the_page() -> None:
    section = PAGE.split("## Limits")[1].split("## The fault plan")[0]
    for name in Limits.__struct_fields__:
        (row,) = [line for line in section.splitlines() if f"`{name}`" in line and line[0] == "|"]
        assert str(getattr(GITHUBS_LIMITS, name)).lower() in row.split("|")[2]


def test_the_examples_are_understood(tmp_path: Path) -> None:
    seed, faults = EXAMPLES
    (tmp_path / "seed.yaml").write_text(seed)
    (tmp_path / "faults.yaml").write_text(faults)
    assert read_seed(tmp_path / "seed.yaml").repositories[0].name == "acme/shop"
    assert len(read_file(tmp_path / "faults.yaml", FaultPlan).faults) == 2
