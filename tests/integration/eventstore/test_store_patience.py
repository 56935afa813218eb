"""A Postgres that never answers is left after a while, by its client's own clock."""

import os
import time

import pytest

from rigtasks.eventstore.connection import Connection, DatabaseUnavailable, Timeouts

#: The server never gives up; the client does after 9/8 of this, at its next look.
QUICK = Timeouts(statement=0.4)
PATIENT = "SET statement_timeout = 0"
NEVER = "SELECT pg_sleep(60)"


def test_a_statement_that_is_never_answered_is_left_and_the_next_one_works(
    database_url: str,
) -> None:
    connection = Connection(database_url, application_name="impatient", timeouts=QUICK)
    connection.rows(PATIENT)
    began = time.monotonic()

    with pytest.raises(DatabaseUnavailable, match="gave the statement up"):
        connection.rows(NEVER)

    assert time.monotonic() - began < 30
    assert connection.rows("SELECT 1") == [(1,)]
    connection.close()


def test_a_forked_process_has_patience_of_its_own(database_url: str) -> None:
    connection = Connection(database_url, application_name="parent", timeouts=QUICK)
    connection.rows("SELECT 1")
    child = os.fork()
    if child == 0:
        mine = Connection(database_url, application_name="child", timeouts=QUICK)
        mine.rows(PATIENT)
        try:
            mine.rows(NEVER)
        except DatabaseUnavailable:
            os._exit(7)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    connection.close()

    assert os.waitstatus_to_exitcode(status) == 7
