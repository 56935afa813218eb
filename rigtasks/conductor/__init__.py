"""What the conductor does: read GitHub, decide, and carry out effects with the right identity."""
