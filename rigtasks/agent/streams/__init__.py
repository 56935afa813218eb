"""From a command line's own output to neutral events, and from those to how a call ended; pure."""
