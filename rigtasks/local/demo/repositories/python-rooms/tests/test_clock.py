import pytest

from rooms.clock import format_time, parse_span, parse_time


def test_a_time_is_read_as_minutes():
    assert parse_time("09:30") == 570
    assert parse_time("24:00") == 1440


def test_a_time_is_written_with_two_digits():
    assert format_time(65) == "01:05"


@pytest.mark.parametrize("text", ["24:01", "99:00", "-1:00"])
def test_what_is_no_time_of_day_is_refused(text):
    with pytest.raises(ValueError):
        parse_time(text)


def test_a_span_must_not_end_before_it_starts():
    with pytest.raises(ValueError):
        parse_span("10:00-09:00")
