import importlib.util
from pathlib import Path

import pytest

GENERATOR = Path(__file__).parents[3] / "docs" / "generate.py"


def test_the_reference_pages_say_what_the_code_says() -> None:
    spec = importlib.util.spec_from_file_location("generate", GENERATOR)
    if spec is None or spec.loader is None:
        pytest.fail(f"{GENERATOR} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    assert module.outdated() == [], "run python docs/generate.py"
