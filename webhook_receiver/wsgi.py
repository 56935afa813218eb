"""The application for a WSGI server: `granian --interface wsgi webhook_receiver.wsgi:app`."""

import sys

from rigtasks.config import load_settings
from rigtasks.errors import Permanent
from webhook_receiver.app import Receiver, create_app


def _boot() -> Receiver:
    try:
        return create_app(load_settings())
    except Permanent as error:
        # An exit, not a traceback: the server ends with it instead of trying for ever.
        sys.exit(f"the receiver does not start: {error}")


app = _boot()
