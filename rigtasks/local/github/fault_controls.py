"""The sandbox's controls of its fault plan: `/_sandbox/faults`."""

from werkzeug.wrappers import Response

from rigtasks.local.github.answers import HttpError, json_response
from rigtasks.local.github.calls import Call, Route
from rigtasks.local.github.faults.plan import NO_FAULTS, FaultPlan
from rigtasks.local.github.strict_data import DataInvalid, read_data


def show_faults(call: Call) -> Response:
    """Tell the plan in force and what it did."""
    return json_response(call.services.faults.report())


def set_faults(call: Call) -> Response:
    """Put another plan in force; counts begin anew."""
    try:
        plan = read_data(call.body, FaultPlan)
    except DataInvalid as error:
        raise HttpError(422, str(error)) from error
    call.services.faults.install(plan)
    return show_faults(call)


def clear_faults(call: Call) -> Response:
    """Let everything go right again."""
    call.services.faults.install(NO_FAULTS)
    return Response(status=204)


ROUTES = (
    Route(method="GET", rule="/_sandbox/faults", handler=show_faults),
    Route(method="PUT", rule="/_sandbox/faults", handler=set_faults),
    Route(method="DELETE", rule="/_sandbox/faults", handler=clear_faults),
)
