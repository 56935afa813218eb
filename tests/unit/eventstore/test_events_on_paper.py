from datetime import UTC, datetime
from uuid import UUID, uuid5

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rigtasks.errors import Permanent
from rigtasks.eventstore.codec import BrokenEvent, decode, event_row, storable
from rigtasks.eventstore.connection import Timeouts, libpq_url, session_options
from rigtasks.eventstore.copying import CopyFormat, copied_json
from rigtasks.eventstore.projection import Fold, issue_row
from rigtasks.eventstore.projection_rows import (
    ClaimCountRow,
    DependencyRow,
    IssueRow,
    RunRow,
    StepRow,
    UsageRow,
)
from rigtasks.eventstore.recorded import recorded_events
from rigtasks.eventstore.tables import (
    claim_counts,
    issue_dependencies,
    issues,
    runs,
    steps,
    usage,
)
from rigtasks.eventstore.upcasters import UPCASTERS, UnknownEvent, Upcasters
from rigtasks.lifecycle.envelope import Actor, ActorKind, NewEvent, StoredEvent
from rigtasks.lifecycle.events import Event, intake, liveness, work
from rigtasks.testing.life import approval

NAMESPACE = UUID("f2b8f0c0-7a54-4c1e-8f49-6b3b1f0e2d10")
AT = datetime(2026, 1, 1, tzinfo=UTC)


def stored(event: Event, version: int) -> StoredEvent:
    return StoredEvent(
        position=version,
        stream="issue:1:7:1",
        version=version,
        event_id=uuid5(NAMESPACE, str(version)),
        event=event,
        actor=Actor(kind=ActorKind.CONDUCTOR, id="conductor"),
        correlation_id=NAMESPACE,
        causation_id=None,
        recorded_at=AT,
    )


@pytest.mark.parametrize(
    ("row", "table"),
    [
        (IssueRow, issues),
        (DependencyRow, issue_dependencies),
        (RunRow, runs),
        (StepRow, steps),
        (UsageRow, usage),
        (ClaimCountRow, claim_counts),
    ],
)
def test_rows_have_the_columns_of_their_tables_in_order(row, table) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - two libraries' own types
    assert row.__struct_fields__ == tuple(column.name for column in table.columns)


def test_an_event_survives_the_way_through_json() -> None:
    event, encoded = storable(approval())

    assert decode("ISSUE_APPROVED", 1, encoded) == event == approval()


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",))))
def test_any_text_can_be_stored_without_nul(text: str) -> None:
    event, encoded = storable(liveness.OperatorNote(text=text, by="maria"))

    assert b"\\u0000" not in encoded.replace(b"\\\\", b"")
    assert isinstance(event, liveness.OperatorNote)
    assert event.text == text.replace("\0", "\ufffd")
    assert decode("OPERATOR_NOTE", 1, encoded) == event


def test_an_unknown_type_stops_the_reader() -> None:
    with pytest.raises(UnknownEvent, match="ISSUE_TELEPORTED"):
        decode("ISSUE_TELEPORTED", 1, b"{}")


def test_a_newer_version_of_an_event_stops_the_reader() -> None:
    with pytest.raises(UnknownEvent, match="version 2"):
        decode("OPERATOR_NOTE", 2, b"{}")


def test_an_event_of_another_shape_stops_the_reader() -> None:
    with pytest.raises(BrokenEvent, match="OPERATOR_NOTE"):
        decode("OPERATOR_NOTE", 1, b'{"text": 5}')


def test_a_stream_is_read_in_one_go() -> None:
    events = recorded_events(
        b'[["OPERATOR_NOTE:1",1,"f2b8f0c0-7a54-4c1e-8f49-6b3b1f0e2d10",'
        b'"2026-01-01 00:00:00+00:00",{"by": "maria", "text": "mind"}],'
        b'["ISSUE_CANCELLED:1",2,"f2b8f0c0-7a54-4c1e-8f49-6b3b1f0e2d11",'
        b'"2026-01-01 00:00:00.5+00:00",{"by": "maria", "reason": "label removed"}]]'
    )

    assert [event.version for event in events] == [1, 2]
    assert (events[0].event_id, events[0].recorded_at) == (NAMESPACE, AT)
    assert events[0].event == liveness.OperatorNote(text="mind", by="maria")
    assert events[1].event == intake.IssueCancelled(reason="label removed", by="maria")


def test_an_old_event_in_a_stream_is_brought_up() -> None:
    UPCASTERS.register("OPERATOR_NOTE", 0, lambda data: {**data, "by": "somebody"})

    (event,) = recorded_events(
        f'[["OPERATOR_NOTE:0",1,"{NAMESPACE}","2026-01-01 00:00:00+00:00",{{"text": "mind"}}]]'
    )

    assert (event.version, event.event_id, event.recorded_at) == (1, NAMESPACE, AT)
    assert event.event == liveness.OperatorNote(text="mind", by="somebody")


@pytest.mark.parametrize(
    ("tag", "data", "refusal", "named"),
    [
        ("ISSUE_TELEPORTED:1", "{}", UnknownEvent, "ISSUE_TELEPORTED"),
        ("OPERATOR_NOTE:2", "{}", UnknownEvent, "version 2"),
        ("OPERATOR_NOTE:1", '{"text": 5}', BrokenEvent, "OPERATOR_NOTE"),
    ],
)
def test_a_stream_with_an_event_that_cannot_be_read_stops_the_reader(
    tag: str, data: str, refusal: type[Permanent], named: str
) -> None:
    one = f'["{tag}",1,"{NAMESPACE}","2026-01-01 00:00:00+00:00",{data}]'

    with pytest.raises(refusal, match=named):
        recorded_events(f"[{one}]")


def test_a_row_counts_within_its_append() -> None:
    new = NewEvent(
        event_id=NAMESPACE,
        event=liveness.OperatorNote(text="mind the cents", by="maria"),
        actor=Actor(kind=ActorKind.OPERATOR, id="maria"),
        correlation_id=NAMESPACE,
    )

    row = event_row(new, storable(new.event)[1], 2)

    assert (row.version, row.type, row.schema_version) == (2, "OPERATOR_NOTE", 1)
    assert (row.actor_kind, row.actor_id) == ("operator", "maria")


def test_old_events_are_brought_up_step_by_step() -> None:
    upcasters = Upcasters()
    upcasters.register("NOTE", 1, lambda data: {**data, "by": "somebody"})
    upcasters.register("NOTE", 2, lambda data: {**data, "text": data["text"].strip()})

    first = upcasters.upcast("NOTE", 1, {"text": " a "}, to_version=3)
    second = upcasters.upcast("NOTE", 2, {"text": " a ", "by": "maria"}, to_version=3)

    assert first == {"text": "a", "by": "somebody"}
    assert second == {"text": "a", "by": "maria"}


def test_a_missing_or_double_upcaster_is_refused() -> None:
    upcasters = Upcasters()
    upcasters.register("NOTE", 1, dict)

    with pytest.raises(UnknownEvent, match="version 2"):
        upcasters.upcast("NOTE", 1, {}, to_version=3)
    with pytest.raises(Permanent, match="already"):
        upcasters.register("NOTE", 1, dict)


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",))))
def test_copied_json_comes_back(text: str) -> None:
    encoded = msgspec.json.encode(text)

    assert copied_json(encoded.replace(b"\\", b"\\\\")) == encoded


def test_a_row_is_json_without_brackets_until_a_text_needs_an_escape() -> None:
    steps = CopyFormat(StepRow)
    step = StepRow(run_id=NAMESPACE, ordinal=1, name="te,st", status="ok", seconds=2.0, detail="")

    assert steps.line(step) == b'"f2b8f0c0-7a54-4c1e-8f49-6b3b1f0e2d10",1,"te,st","ok","2",""\n'
    assert steps.line(replace(step, detail='a "b"\n\\N')).endswith(b',"2","a \\"b\\"\n\\\\N"\n')


def test_a_run_that_is_taken_away_says_by_what() -> None:
    run_id = uuid5(NAMESPACE, "run")
    fold = Fold("issue:1:7:1")
    fold.apply(stored(approval(), 1))
    fold.apply(
        stored(
            intake.IssueAssigned(
                run_id=run_id, epoch=1, agent="dev-e", holder="dev-e-1", queue="dev-e-python"
            ),
            2,
        )
    )
    assert fold.live_run == run_id
    assert issue_row(fold).claim_queue is None

    fold.apply(stored(intake.IssueCancelled(reason="label removed", by="maria"), 3))

    run = fold.runs[run_id]
    assert fold.live_run is None
    assert (run.ended_at, run.outcome, run.reason) == (AT, "stopped", "ISSUE_CANCELLED")


def test_a_branched_off_fold_remembers_only_what_is_new() -> None:
    fold = Fold("issue:1:7:1")
    fold.apply(stored(approval(), 1))
    branch = fold.branch_off()

    branch.apply(
        stored(work.RunReleased(run_id=NAMESPACE, epoch=1, reason="never claimed here"), 2)
    )

    assert (fold.version, branch.version) == (1, 2)
    assert branch.runs == {}
    assert branch.touched == set()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg2://rig:p%40ss@db/rig?sslmode=require",
        "postgresql://rig:p%40ss@db/rig?sslmode=require",
        "postgres://rig:p%40ss@db/rig?sslmode=require",
    ],
)
def test_every_usual_url_is_understood(url: str) -> None:
    assert libpq_url(url) == "postgresql://rig:p%40ss@db/rig?sslmode=require"


@pytest.mark.parametrize("url", ["", "mysql://db", "rig", "postgresql+asyncpg://db"])
def test_other_databases_are_refused_with_the_form_to_use(url: str) -> None:
    with pytest.raises(Permanent, match=r"postgresql\+psycopg2://user"):
        libpq_url(url)


def test_sessions_are_given_their_time_outs() -> None:
    options = session_options(Timeouts(statement=1.5, lock=0.25, idle_in_transaction=2))

    assert "statement_timeout=1500" in options
    assert "lock_timeout=250" in options
    assert "idle_in_transaction_session_timeout=2000" in options
