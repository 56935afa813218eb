"""The schedule as one table, and the tick that runs due work."""
