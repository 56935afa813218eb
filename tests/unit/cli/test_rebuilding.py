"""What a rebuild of the projections says of itself."""

import pytest

from rigtasks.cli.rebuilding import in_words
from rigtasks.eventstore.rebuild import TABLES, Rebuilt


@pytest.mark.parametrize(
    ("corrected", "said"),
    [
        ({}, "1,200 events of 20 issues in 0.8 s: all right"),
        ({"steps": 1}, "1,200 events of 20 issues in 0.8 s: 1 row corrected (steps 1)"),
        (
            {"issues": 3, "usage": 1000},
            "1,200 events of 20 issues in 0.8 s: 1,003 rows corrected (issues 3, usage 1,000)",
        ),
    ],
)
def test_a_rebuild_is_told_in_one_line(corrected: dict[str, int], said: str) -> None:
    rebuilt = Rebuilt(
        events=1200, issues=20, seconds=0.75, corrected=dict.fromkeys(TABLES, 0) | corrected
    )

    assert in_words(rebuilt) == said


def test_one_is_not_many() -> None:
    rebuilt = Rebuilt(events=1, issues=1, seconds=0.01, corrected={})

    assert in_words(rebuilt) == "1 event of 1 issue in 0.0 s: all right"
