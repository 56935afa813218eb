"""Fold events into the state of an issue. Total, pure, and blind to everything but its input."""

from rigtasks.lifecycle.evolve.fold import BrokenStream, evolve, evolve_undated

__all__ = ["BrokenStream", "evolve", "evolve_undated"]
