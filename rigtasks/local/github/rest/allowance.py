"""What a caller has left, which costs nothing to ask."""

from werkzeug.wrappers import Response

from rigtasks.local.github.calls import Call, Route


def show(call: Call) -> Response:
    """Show the caller's allowance, without using it."""
    return call.services.limits.overview(call.caller, call.services.hub.state.now())


ROUTES = (Route(method="GET", rule="/rate_limit", handler=show),)
