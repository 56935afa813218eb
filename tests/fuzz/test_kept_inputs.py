"""What the fuzzer once found its way to is judged in every test run, with or without atheris."""

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
UNIT = HERE.parent / "unit"
CORPUS = HERE / "corpus"
LONGEST = 1_500
MOST = 100


@pytest.fixture
def judge(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    for folder in (UNIT / "receiver", UNIT / "routing", UNIT / "github"):
        monkeypatch.syspath_prepend(str(folder))
    judged: Callable[..., None] = importlib.import_module(f"fuzz_{request.param}").TARGET.judge
    return judged


@pytest.mark.parametrize(
    ("judge", "name"), [(name, name) for name in ("config", "delivery")], indirect=["judge"]
)
def test_every_kept_input_is_answered(judge: Callable[..., None], name: str) -> None:
    kept = sorted((CORPUS / name).iterdir())

    assert 0 < len(kept) <= MOST
    for one in kept:
        data = one.read_bytes()
        assert len(data) <= LONGEST, f"{one.name} is long"
        judge(data)
