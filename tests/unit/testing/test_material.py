"""The material of the tests says how to get it where it is absent."""

import pytest

from rigtasks.testing.material import MaterialMissing, material_path


def test_absent_material_names_the_command_that_installs_it() -> None:
    with pytest.raises(MaterialMissing, match="run `make test` once"):
        material_path("@octokit/not-listed/anything.json")
