from itertools import product

from rooms.calendar import booked_minutes, first_clash, free_slots, overlaps

DAY = ["08:00-09:00", "08:30-09:30", "09:00-10:00", "09:30-10:30", "10:00-12:00", "13:00-14:00"]


def test_bookings_at_the_same_time_overlap():
    assert overlaps("09:00-10:00", "09:30-10:30")
    assert overlaps("09:00-12:00", "10:00-11:00")


def test_bookings_far_apart_do_not_overlap():
    assert not overlaps("09:00-10:00", "11:00-12:00")


def test_it_does_not_matter_which_booking_is_named_first():
    for one, other in product(DAY, DAY):
        assert overlaps(one, other) == overlaps(other, one), f"{one} and {other}"


def test_the_earliest_clash_is_named():
    assert first_clash(["13:00-14:00", "09:00-10:00"], "09:30-13:30") == "09:00-10:00"
    assert first_clash(["13:00-14:00"], "09:00-10:00") is None


def test_gaps_between_bookings_are_free():
    assert free_slots(["10:00-11:00"], "09:00-12:00") == ["09:00-10:00", "11:00-12:00"]
    assert free_slots(["09:10-12:00"], "09:00-12:00") == []


def test_booked_time_is_added_up():
    assert booked_minutes(["09:00-10:00", "10:00-10:15"]) == 75
