"""Times of day as minutes since midnight."""

MINUTES_PER_HOUR = 60
MINUTES_PER_DAY = 24 * MINUTES_PER_HOUR


def parse_time(text: str) -> int:
    """Read `HH:MM`; 24:00 is the end of the day."""
    hours, _, minutes = text.strip().partition(":")
    value = int(hours) * MINUTES_PER_HOUR + int(minutes)
    if not 0 <= value <= MINUTES_PER_DAY:
        raise ValueError(f"{text} is no time of day")
    return value


def format_time(value: int) -> str:
    """Write minutes since midnight as `HH:MM`."""
    return f"{value // MINUTES_PER_HOUR:02}:{value % MINUTES_PER_HOUR:02}"


def parse_span(text: str) -> tuple[int, int]:
    """Read `HH:MM-HH:MM` as start and end."""
    start, _, end = text.partition("-")
    span = parse_time(start), parse_time(end)
    if span[0] >= span[1]:
        raise ValueError(f"{text} ends before it starts")
    return span


def format_span(start: int, end: int) -> str:
    """Write start and end as `HH:MM-HH:MM`."""
    return f"{format_time(start)}-{format_time(end)}"
