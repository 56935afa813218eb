from rigtasks.eventstore.channel import LISTEN, NOTIFY
from rigtasks.eventstore.connection import Timeouts, session_options


def test_commits_are_flushed_unless_somebody_says_that_they_may_get_lost() -> None:
    # given a session as every part opens it, and one for hints
    usual, hints = session_options(Timeouts()), session_options(Timeouts(), flushed=False)

    # then only the second does not wait for the disk, and nothing else differs
    assert "synchronous_commit" not in usual
    assert hints == f"{usual} -c synchronous_commit=off"


def test_the_notification_changes_the_flush_for_itself_only() -> None:
    # given the statement that tells the relays
    # then its setting ends with its own transaction, and it speaks on the relays' channel
    assert "set_config('synchronous_commit', 'off', true)" in NOTIFY
    assert f"pg_notify('{LISTEN.removeprefix('LISTEN ')}', '')" in NOTIFY
