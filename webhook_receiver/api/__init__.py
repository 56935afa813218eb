"""The JSON API, version 1, read-only."""
