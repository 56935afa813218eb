"""The deterministic simulation: the real core and handlers in a world that is all faults."""
