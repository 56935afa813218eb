"""The scripted GitHub of each test."""

from collections.abc import Iterator

import pytest
from scripted_hub import Hub, listening


@pytest.fixture
def hub() -> Iterator[Hub]:
    with listening() as running:
        yield running
