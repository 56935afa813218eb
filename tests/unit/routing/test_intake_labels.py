"""Only exactly `agent-ready` authorises; what looks like it gets a helpful word."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigtasks.routing.labels import Labels, Priority, explain_not_ready, read_labels


def test_the_exact_label_is_ready_whatever_else_is_there() -> None:
    labels = read_labels(["Agent-Ready", "bug", "agent-ready"])

    assert labels == Labels(ready=True)


@pytest.mark.parametrize(
    "label",
    [
        "Agent-Ready",
        "agent-ready ",
        " agent-ready",
        "agent_ready",
        "agent ready",
        "agentready",
        "agent-redy",
        "аgent-ready",  # noqa: RUF001 a Cyrillic look-alike
        "agent–ready",  # noqa: RUF001 a typographic dash
        "agent-ready\u200b",
        "ａgent-ready",  # noqa: RUF001 a full-width letter
    ],
)
def test_a_near_miss_authorises_nothing_and_is_explained(label: str) -> None:
    labels = read_labels(["bug", label])

    assert not labels.ready
    assert labels.near_miss == label
    outcome = explain_not_ready(labels)
    assert "is not `agent-ready`: rename it" in outcome
    assert outcome.isascii()


@pytest.mark.parametrize("label", ["bug", "ready", "agent", "", "x" * 5_000, "not-ready-yet"])
def test_other_labels_are_simply_not_it(label: str) -> None:
    labels = read_labels([label] * 1_000)

    assert labels == Labels()
    assert explain_not_ready(labels) == "no agent-ready label"


@given(st.lists(st.text(max_size=15) | st.sampled_from(["Agent-Ready", "agent-ready"]), max_size=5))
@settings(max_examples=200, deadline=None)
def test_ready_is_nothing_but_the_exact_name(names: list[str]) -> None:
    labels = read_labels(names)

    assert labels.ready == ("agent-ready" in names)
    assert explain_not_ready(labels).isascii()


@pytest.mark.parametrize(
    ("names", "priority"),
    [
        ([], Priority.NORMAL),
        (["bug"], Priority.NORMAL),
        (["high"], Priority.HIGH),
        (["priority:high"], Priority.HIGH),
        (["Priority: High"], Priority.HIGH),
        (["priority/critical"], Priority.CRITICAL),
        (["priority-critical"], Priority.CRITICAL),
        (["normal", "high", "critical"], Priority.CRITICAL),
        (["priority:normal", "priority:high"], Priority.HIGH),
        (["highlight", "critical-path", "priority:"], Priority.NORMAL),
    ],
)
def test_the_most_urgent_priority_label_counts(names: list[str], priority: Priority) -> None:
    assert read_labels(names).priority is priority


def test_ranks_put_the_urgent_first() -> None:
    assert [each.rank for each in (Priority.CRITICAL, Priority.HIGH, Priority.NORMAL)] == [0, 1, 2]


def test_the_other_words_are_exact() -> None:
    given_labels = read_labels(["requires-macos", "large-pr-ok"])
    near = read_labels(["Requires-MacOS", "large-pr-ok "])

    assert given_labels.requires_macos
    assert given_labels.large_pr_ok
    assert not near.requires_macos
    assert not near.large_pr_ok
