"""Faults of a GitHub in memory by the fault plan of the sandbox GitHub: the same rules, both ways.

What the client over HTTP hides from its caller is hidden here as well: a token that is refused once
is renewed, and while a limit is closed nothing is asked at all.
"""

from collections.abc import Callable
from typing import Final

from rigtasks.local.github.faults.decide import RequestFacts
from rigtasks.local.github.faults.injector import FaultInjector
from rigtasks.local.github.faults.plan import (
    Cut,
    ErrorAfter,
    ErrorBefore,
    PrimaryLimit,
    RequestRule,
    SecondaryLimit,
    Slow,
    StaleRead,
    TokenExpires,
    Unauthorized,
    WebhookDelay,
    WebhookDrop,
    WebhookDuplicate,
    WebhookFail,
    WebhookReorder,
)
from rigtasks.testing.memory_github.faults import Asked, expired, limited, unavailable
from rigtasks.testing.memory_github.hub import MemoryGitHub
from rigtasks.testing.memory_github.webhook import Disturbance

#: How often the client asks with a token that is not accepted, renewed ones included.
_MOST_ASKED: Final = 5
_SECONDARY_PAUSE: Final = 60.0
_NEVER_RUNS_OUT = float("inf")


class PlannedFaults:
    """The fault hook of a plan; a `Faults` and a `HookFaults`.

    Args:
        hub: whose calls and webhooks go wrong.
        injector: keeps the plan, and what it did.
        now: seconds, by which limits close and open.
        timeout: seconds after which a slow answer is none.
    """

    def __init__(
        self,
        hub: MemoryGitHub,
        injector: FaultInjector,
        *,
        now: Callable[[], float],
        timeout: float = _NEVER_RUNS_OUT,
    ) -> None:
        self._hub = hub
        self._injector = injector
        self._now = now
        self._timeout = timeout
        self._closed: dict[tuple[str, str], float] = {}
        self._struck: tuple[RequestRule, ...] = ()

    def before(self, asked: Asked) -> None:
        """Fail before anything happened; a read fails before, whenever it does."""
        self._wait_for(asked)
        for _ in range(_MOST_ASKED):
            self._struck = self._injector.of_request(self._facts(asked))
            self._refuse(asked)
            if not any(isinstance(rule, Unauthorized | TokenExpires) for rule in self._struck):
                break
        else:
            raise expired(asked)
        if not asked.write and self._is_answer_lost():
            raise unavailable(asked)

    def after(self, asked: Asked) -> None:
        """Fail after the effect of a write."""
        if self._is_answer_lost():
            raise unavailable(asked)

    def is_stale(self, asked: Asked) -> bool:
        """Answer as before the newest change, where this was asked before it."""
        del asked
        return any(isinstance(rule, StaleRead) for rule in self._struck)

    def of_webhook(self, event: str, action: str | None) -> Disturbance:
        """Return what the plan does to a webhook."""
        fields: dict[str, bool | int | float] = {}
        for rule in self._injector.of_delivery(event, action):
            match rule:
                case WebhookDrop():
                    fields["dropped"] = True
                case WebhookFail():
                    fields["fails"] = True
                case WebhookDuplicate(guid=guid, copies=copies):
                    fields["copies" if guid == "same" else "others"] = copies
                case WebhookDelay(seconds=seconds):
                    fields["seconds"] = seconds
                case WebhookReorder(behind=behind, patience=patience):
                    fields |= {"behind": behind, "patience": patience}
                case _:
                    raise TypeError(f"{rule} is no fault of webhooks")
        return Disturbance(**fields)  # type: ignore[arg-type]  # each of its own type

    def _wait_for(self, asked: Asked) -> None:
        for scope in ("", _resource(asked)):
            left = self._closed.get((asked.role, scope), 0.0) - self._now()
            if left > 0:
                raise limited(left)

    def _refuse(self, asked: Asked) -> None:
        for rule in self._struck:
            match rule:
                case ErrorBefore():
                    raise unavailable(asked)
                case SecondaryLimit(retry_after=seconds):
                    raise self._close(asked, "", float(seconds or _SECONDARY_PAUSE))
                case PrimaryLimit(reset=seconds):
                    raise self._close(asked, _resource(asked), float(seconds))
                case _:
                    pass

    def _close(self, asked: Asked, scope: str, seconds: float) -> Exception:
        self._closed[asked.role, scope] = self._now() + seconds
        return limited(seconds)

    def _is_answer_lost(self) -> bool:
        return any(
            isinstance(rule, ErrorAfter | Cut)
            or (isinstance(rule, Slow) and rule.seconds >= self._timeout)
            for rule in self._struck
        )

    def _facts(self, asked: Asked) -> RequestFacts:
        app = self._hub.apps[asked.role]
        as_app = asked.path.startswith("/app/")
        method, path = _address(asked)
        return RequestFacts(
            method=method,
            path=path,
            caller=f"app/{app.slug}" if as_app else app.bot.login,
            has_token=True,
            reads=not asked.write,
            seconds=self._injector.seconds,
        )


def _resource(asked: Asked) -> str:
    return "graphql" if asked.path.startswith("/graphql/") else "core"


def _address(asked: Asked) -> tuple[str, str]:
    """Return method and path of the request that a client makes for a call."""
    if asked.path.startswith("/graphql/"):
        return "POST", "/graphql"
    if asked.path.startswith("/git/"):
        service = "git-receive-pack" if asked.method == "PUSH" else "info/refs"
        method = "POST" if asked.method == "PUSH" else "GET"
        return method, f"/{asked.repository}.git/{service}"
    return (
        asked.method,
        f"/repos/{asked.repository}{asked.path}" if asked.repository else asked.path,
    )
