"""REST: the App's webhook, its log of three days, and asking for a delivery again."""

from datetime import timedelta
from typing import Any

import msgspec
from werkzeug.wrappers import Response

from rigtasks.local.github.answers import HttpError, invalid, json_response, not_found
from rigtasks.local.github.calls import Call, Route
from rigtasks.local.github.hook_config import ContentType
from rigtasks.local.github.hub import stamp
from rigtasks.local.github.model import Delivery
from rigtasks.local.github.webhooks import PENDING

KEPT_FOR = timedelta(days=3)
"""GitHub shows and repeats deliveries of this time only."""
_CURSOR = "v1_"
_FIRST_FAILURE = 400


class _Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What `PATCH /app/hook/config` takes."""

    url: str | msgspec.UnsetType = msgspec.UNSET
    content_type: ContentType | msgspec.UnsetType = msgspec.UNSET
    secret: str | msgspec.UnsetType = msgspec.UNSET
    insecure_ssl: str | float | msgspec.UnsetType = msgspec.UNSET


def get_config(call: Call) -> Response:
    """Show where the App's webhooks go."""
    _require_hook(call)
    return json_response(call.services.webhooks.settings.read().shown())


def set_config(call: Call) -> Response:
    """Change where the App's webhooks go, and how; what is not named stays."""
    _require_hook(call)
    try:
        changes = msgspec.to_builtins(msgspec.convert(call.body, _Changes))
    except msgspec.ValidationError as error:
        raise HttpError(422, f"Invalid request.\n\n{error}") from error
    if "insecure_ssl" in changes:
        changes["insecure_ssl"] = "0" if str(changes["insecure_ssl"]) in {"0", "0.0"} else "1"
    return json_response(call.services.webhooks.settings.change(**changes).shown())


def list_deliveries(call: Call) -> Response:
    """List webhook deliveries, newest first, paged by `cursor`."""
    _require_hook(call)
    rows = [row for row in reversed(call.state.deliveries.all()) if _is_shown(call, row)]
    query = call.request.args
    wanted = query.get("status")
    if wanted not in {None, "success", "failure"}:
        raise invalid("Hook", "status")
    if wanted is not None:
        rows = [row for row in rows if _failed(row) == (wanted == "failure")]
    if (cursor := query.get("cursor")) is not None:
        newest = _position(cursor)
        rows = [row for row in rows if row.id <= newest]
    per_page = min(max(query.get("per_page", 30, type=int), 1), 100)
    headers = {}
    if len(rows) > per_page:
        filtered = "" if wanted is None else f"&status={wanted}"
        following = f"{call.url}?per_page={per_page}{filtered}&cursor={_CURSOR}{rows[per_page].id}"
        headers["Link"] = f'<{following}>; rel="next"'
    return json_response([_item(row) for row in rows[:per_page]], 200, headers)


def get_delivery(call: Call) -> Response:
    """Show one delivery with its request and response."""
    row = _delivery(call)
    return json_response(
        {
            **_item(row),
            "url": row.url,
            "request": {
                "headers": row.request_headers,
                "payload": msgspec.Raw(row.payload.encode()),
            },
            "response": {"headers": row.response_headers, "payload": row.response_body},
        }
    )


def redeliver(call: Call) -> Response:
    """Deliver once more, under the same guid."""
    call.services.webhooks.redeliver(_delivery(call))
    return json_response({}, 202)


def _require_hook(call: Call) -> None:
    if not call.app.hooked:
        raise not_found()


def _delivery(call: Call) -> Delivery:
    _require_hook(call)
    row = call.state.deliveries.find(call.arguments["delivery_id"])
    if row is None or not _is_shown(call, row):
        raise not_found()
    return row


def _is_shown(call: Call, row: Delivery) -> bool:
    return row.status != PENDING and row.delivered_at > call.state.now() - KEPT_FOR


def _failed(row: Delivery) -> bool:
    return row.status_code >= _FIRST_FAILURE or row.status != "OK"


def _position(cursor: str) -> int:
    number = cursor.removeprefix(_CURSOR)
    if cursor == number or not number.isdecimal():
        raise invalid("Hook", "cursor")
    return int(number)


def _item(row: Delivery) -> dict[str, Any]:
    return {
        "id": row.id,
        "guid": row.guid,
        "delivered_at": stamp(row.delivered_at),
        "redelivery": row.redelivery,
        "duration": row.duration,
        "status": row.status,
        "status_code": row.status_code,
        "event": row.event,
        "action": row.action,
        "installation_id": row.installation_id,
        "repository_id": row.repository_id,
        "throttled_at": None,
    }


_ONE = "/app/hook/deliveries/<int:delivery_id>"

ROUTES = (
    Route(method="GET", rule="/app/hook/config", handler=get_config),
    Route(method="PATCH", rule="/app/hook/config", handler=set_config),
    Route(method="GET", rule="/app/hook/deliveries", handler=list_deliveries),
    Route(method="GET", rule=_ONE, handler=get_delivery),
    Route(method="POST", rule=f"{_ONE}/attempts", handler=redeliver),
)
