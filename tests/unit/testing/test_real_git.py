"""What other users of the machine see of a git that signs in: nothing."""

import pytest

from rigtasks.testing.real_git import real_git, signed_in

TOKEN = "ghp_of_the_tests"


@pytest.mark.parametrize(
    "words",
    [
        ("clone", "http://x-access-token:something@127.0.0.1/a/b.git"),
        ("clone", "--quiet", f"http://127.0.0.1/{TOKEN}"),
        ("-c", f"http.extraHeader=Authorization: Bearer {TOKEN}", "fetch"),
    ],
)
def test_no_argument_of_git_tells_a_token(
    words: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("git")
    with pytest.raises(ValueError, match="no place for a password"):
        real_git(folder, *words, name="Mona", email="mona@example.invalid", token=TOKEN)


def test_a_token_is_in_no_setting_of_git_either() -> None:
    settings = signed_in(TOKEN, "mona")
    assert [name for name, value in settings.items() if TOKEN in value] == ["GIT_LOGIN_TOKEN"]
    assert settings["GIT_CONFIG_VALUE_0"] == "", "helpers of the machine would keep what they hear"
