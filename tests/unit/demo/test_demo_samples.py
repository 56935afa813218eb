"""The sample repositories are complete, and a broken one is named."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from rigtasks.errors import Permanent
from rigtasks.local.demo.samples import Sample, read_sample, read_samples
from rigtasks.local.demo.seed import REQUIRED_CHECK
from rigtasks.routing.agent_config import parse_agent_config

SAMPLES = read_samples()


def test_there_are_two_samples_of_two_stacks() -> None:
    stacks = [
        parse_agent_config((sample.folder / ".rig-agent.yaml").read_bytes()).stack
        for sample in SAMPLES
    ]

    assert sorted(map(str, stacks)) == ["node", "python"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_sample_has_an_issue_and_the_required_check(sample: Sample) -> None:
    workflow = YAML(typ="safe").load(sample.folder / ".github/workflows/ci.yml")

    assert sample.title
    assert len(sample.body) > 80
    assert sample.title not in sample.body
    assert REQUIRED_CHECK in {job.get("name", key) for key, job in workflow["jobs"].items()}


@pytest.mark.parametrize("text", ["", "No heading\n\nText", "# \n\nText", "## Too deep\n"])
def test_an_issue_without_a_title_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "shop").mkdir()
    issue = tmp_path / "shop.issue.md"
    issue.write_text(text)

    with pytest.raises(Permanent, match=r"shop\.issue\.md"):
        read_sample(issue)


def test_an_issue_without_a_repository_is_named(tmp_path: Path) -> None:
    issue = tmp_path / "shop.issue.md"
    issue.write_text("# Prices are wrong\n")

    with pytest.raises(Permanent, match="shop, which is missing"):
        read_sample(issue)
