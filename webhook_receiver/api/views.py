"""The read-only resources: issues, their events, runs, agents, deliveries, event types."""

import inspect
from functools import cache

import msgspec
from flask import Blueprint, Response

from rigtasks.errors import Rejected
from rigtasks.lifecycle.events import EVENT_TYPES
from webhook_receiver.api.answers import json_response, problem_response
from webhook_receiver.api.parameters import list_parameters
from webhook_receiver.reading.database import ReadDatabase
from webhook_receiver.reading.issues import STATES, latest_stream, list_issues
from webhook_receiver.reading.records import (
    DELIVERY_STATES,
    find_delivery,
    list_deliveries,
    stream_events,
)
from webhook_receiver.reading.runs import list_agents, list_runs
from webhook_receiver.reading.views import EventTypeView


class Api:
    """The views, each answering from one read-only connection."""

    def __init__(self, database: ReadDatabase) -> None:
        self._database = database

    def issues(self) -> Response:
        """List issues, those that changed their state last first."""
        asked = list_parameters(state=STATES, repo=None)
        with self._database.connect() as connection:
            return json_response(
                list_issues(connection, limit=asked.limit, cursor=asked.cursor, **asked.filters)
            )

    def agents(self) -> Response:
        """List agents with their processes."""
        asked = list_parameters()
        with self._database.connect() as connection:
            return json_response(list_agents(connection, limit=asked.limit, cursor=asked.cursor))

    def runs(self) -> Response:
        """List runs, the latest first; `issue` takes a reference or a stream."""
        asked = list_parameters(issue=None)
        named = asked.filters["issue"]
        with self._database.connect() as connection:
            stream = None if named is None else latest_stream(connection, named) or named
            return json_response(
                list_runs(connection, limit=asked.limit, cursor=asked.cursor, stream=stream)
            )

    def deliveries(self) -> Response:
        """List webhook deliveries with their outcomes."""
        asked = list_parameters(status=DELIVERY_STATES, repo=None)
        with self._database.connect() as connection:
            return json_response(
                list_deliveries(
                    connection,
                    limit=asked.limit,
                    cursor=asked.cursor,
                    status=asked.filters["status"],
                    repo=asked.filters["repo"],
                )
            )

    def delivery(self, delivery_id: str) -> Response:
        """Show one delivery with what was received."""
        with self._database.connect() as connection:
            found = find_delivery(connection, delivery_id.lower())
        if found is None:
            return problem_response("not-found", "No delivery has this id.")
        return json_response(found)

    def stream(self) -> Response:
        """List the events of one issue, the first one first."""
        asked = list_parameters(id=None)
        named = asked.filters["id"]
        if named is None:
            raise Rejected(
                "Name the issue: id=owner/repo#1 (with %23 for #) or id=<stream>.",
                code="parameter-invalid",
            )
        with self._database.connect() as connection:
            stream = latest_stream(connection, named) or named
            page = stream_events(connection, stream, limit=asked.limit, cursor=asked.cursor)
        if not page.items and asked.cursor is None:
            return problem_response("not-found", "No issue and no stream has this name.")
        return json_response(page)

    def event_types(self) -> Response:
        """List the catalogue of events."""
        list_parameters()
        return json_response({"items": event_types()})


@cache
def event_types() -> tuple[EventTypeView, ...]:
    """Return the catalogue with the JSON Schema of each type's data."""
    return tuple(
        EventTypeView(
            type=name,
            schema_version=event.schema_version,
            stream_kind=event.stream_kind,
            summary=(inspect.getdoc(event) or name).split("\n", 1)[0],
            data_schema=msgspec.json.schema(event),
        )
        for name, event in EVENT_TYPES.items()
    )


def api_blueprint(database: ReadDatabase, name: str) -> Blueprint:
    """Return the resources under relative paths, to be mounted at the API's base and its alias."""
    api, blueprint = Api(database), Blueprint(name, __name__)
    blueprint.add_url_rule("/issues", view_func=api.issues)
    blueprint.add_url_rule("/agents", view_func=api.agents)
    blueprint.add_url_rule("/runs", view_func=api.runs)
    blueprint.add_url_rule("/deliveries", view_func=api.deliveries)
    blueprint.add_url_rule("/deliveries/<delivery_id>", view_func=api.delivery)
    blueprint.add_url_rule("/events/stream", view_func=api.stream)
    blueprint.add_url_rule("/event-types", view_func=api.event_types)
    return blueprint
