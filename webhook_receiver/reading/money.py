"""Amounts as the API writes them."""

from decimal import Decimal

from webhook_receiver.reading.views import Money

_MICRO = Decimal(1_000_000)


def money(micro_usd: int, *, unpriced: bool) -> Money:
    """Return an amount; `unpriced` says that a part of it is unknown, so it is a lower bound."""
    amount = Decimal(micro_usd) / _MICRO
    basis = "partly_unpriced" if unpriced else "priced"
    return Money(amount=f"{amount:.4f}", currency="USD", basis=basis)
