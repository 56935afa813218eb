"""Which bookings get in each other's way, and when a room is free."""

from collections.abc import Iterable

from rooms.clock import format_span, parse_span


def overlaps(first: str, second: str) -> bool:
    """Tell whether two bookings need the room at the same time."""
    first_start, first_end = parse_span(first)
    second_start, second_end = parse_span(second)
    return first_start <= second_end and second_start <= first_end


def first_clash(bookings: Iterable[str], wanted: str) -> str | None:
    """Return the earliest booking that a wanted one would clash with."""
    for booking in sorted(bookings):
        if overlaps(booking, wanted):
            return booking
    return None


def free_slots(bookings: Iterable[str], opening: str, at_least: int = 15) -> list[str]:
    """Return the gaps of at least so many minutes between the bookings of a day."""
    free_from, closing = parse_span(opening)
    slots = []
    for start, end in sorted(map(parse_span, bookings)):
        if start - free_from >= at_least:
            slots.append(format_span(free_from, start))
        free_from = max(free_from, end)
    if closing - free_from >= at_least:
        slots.append(format_span(free_from, closing))
    return slots


def booked_minutes(bookings: Iterable[str]) -> int:
    """Add up how long a room is booked."""
    return sum(end - start for start, end in map(parse_span, bookings))
