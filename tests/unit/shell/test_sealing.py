import pytest

from rigtasks.sealing import NotSealedForMe, TokenKey, seal


def test_only_the_holder_of_the_key_reads_the_token() -> None:
    key = TokenKey()
    sealed = seal("ghs_secret", key.public)

    assert key.open(sealed) == "ghs_secret"
    assert b"ghs_secret" not in sealed
    with pytest.raises(NotSealedForMe):
        TokenKey().open(sealed)
