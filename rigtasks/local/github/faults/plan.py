"""The fault plan: rules in the order of the file, each for requests or for webhooks."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Seconds = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=0)]
Natural = Annotated[int, Meta(ge=1)]
Chance = Annotated[float, Meta(ge=0, le=1)]
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
ServerError = Literal[500, 502, 503, 504]
LimitStatus = Literal[403, 429]


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a rule strikes among what it is about.

    Attributes:
        skip: how many matches go by unharmed first.
        times: how often it strikes at most; None has no end.
        chance: of each match after those, 0 to 1, drawn from the plan's seed.
        after: seconds since the plan was put in place before which nothing matches.
        until: seconds since then from which on nothing matches any more; None has no end.
    """

    skip: Count = 0
    times: Natural | None = None
    chance: Chance = 1.0
    after: Seconds = 0.0
    until: Seconds | None = None


class RequestRule(Rule, frozen=True, kw_only=True, tag_field="kind"):
    """A rule about requests to REST, GraphQL and git; a list that is empty matches everything.

    Attributes:
        methods: HTTP methods.
        paths: addresses without the base; `*` stands for one segment, `**` for any number.
        callers: logins (`mona`, `dev-e[bot]`), `app/<slug>` for an App's JWT, or `anonymous`.
    """

    methods: tuple[Method, ...] = ()
    paths: tuple[str, ...] = ()
    callers: tuple[str, ...] = ()


class ErrorBefore(RequestRule, frozen=True, kw_only=True, tag="error-before"):
    """Nothing happens, and the answer is an error of the server."""

    status: ServerError = 502


class ErrorAfter(RequestRule, frozen=True, kw_only=True, tag="error-after"):
    """What was asked for happens, and the answer is an error of the server."""

    status: ServerError = 502


class Cut(RequestRule, frozen=True, kw_only=True, tag="cut"):
    """What was asked for happens, and the connection breaks after `bytes` of the body.

    None breaks it after half of the body, 0 before anything was sent.
    """

    bytes: Count | None = None


class Slow(RequestRule, frozen=True, kw_only=True, tag="slow"):
    """What was asked for happens, and the answer takes `seconds` longer."""

    seconds: Seconds


class Unauthorized(RequestRule, frozen=True, kw_only=True, tag="unauthorized"):
    """One 401 for a token that lives on, as in its first seconds."""


class TokenExpires(RequestRule, frozen=True, kw_only=True, tag="token-expires"):
    """The caller's token ends now, long before its time; every later call gets 401 as well."""


class SecondaryLimit(RequestRule, frozen=True, kw_only=True, tag="secondary-limit"):
    """A secondary limit; `retry_after` None leaves that header out."""

    status: LimitStatus = 403
    retry_after: Natural | None = None


class PrimaryLimit(RequestRule, frozen=True, kw_only=True, tag="primary-limit"):
    """The hourly limit is used up, and starts anew in `reset` seconds."""

    status: LimitStatus = 403
    reset: Natural = 60


class StaleRead(RequestRule, frozen=True, kw_only=True, tag="stale-read"):
    """A read is answered as things stood some seconds or some changes ago.

    Where neither is given: one change ago.
    """

    seconds: Seconds | None = None
    changes: Natural | None = None


class DeliveryRule(Rule, frozen=True, kw_only=True, tag_field="kind"):
    """A rule about first deliveries of webhooks; redeliveries are left alone.

    Attributes:
        events: `issues`, `issues.opened` or a pattern such as `pull_request*`; empty matches all.
    """

    events: tuple[str, ...] = ()


class WebhookDrop(DeliveryRule, frozen=True, kw_only=True, tag="webhook-drop"):
    """Never sent, and not in the log of deliveries either."""


class WebhookFail(DeliveryRule, frozen=True, kw_only=True, tag="webhook-fail"):
    """Not sent, and in the log as failed, so that it can be asked for again."""


class WebhookDuplicate(DeliveryRule, frozen=True, kw_only=True, tag="webhook-duplicate"):
    """Sent again `copies` times, under the same guid or as deliveries of their own."""

    guid: Literal["same", "new"] = "same"
    copies: Natural = 1


class WebhookReorder(DeliveryRule, frozen=True, kw_only=True, tag="webhook-reorder"):
    """Held back until `behind` later ones went first, or for `patience` seconds."""

    behind: Natural = 1
    patience: Seconds = 5.0


class WebhookDelay(DeliveryRule, frozen=True, kw_only=True, tag="webhook-delay"):
    """Sent `seconds` later than it would be."""

    seconds: Seconds


AnyRequestRule = (
    ErrorBefore
    | ErrorAfter
    | Cut
    | Slow
    | Unauthorized
    | TokenExpires
    | SecondaryLimit
    | PrimaryLimit
    | StaleRead
)
AnyDeliveryRule = WebhookDrop | WebhookFail | WebhookDuplicate | WebhookReorder | WebhookDelay
AnyRule = AnyRequestRule | AnyDeliveryRule


class FaultPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong.

    Attributes:
        seed: decides every chance; the same seed, plan and requests give the same faults.
        faults: the rules, in order.
    """

    seed: int = 0
    faults: tuple[AnyRule, ...] = ()


NO_FAULTS = FaultPlan()


def kind_of(rule: AnyRule) -> str:
    """Return the name a plan calls a rule's fault by."""
    return str(rule.__struct_config__.tag)


def as_data(plan: FaultPlan) -> Any:
    """Return a plan as the data it can be read from."""
    return msgspec.to_builtins(plan)
