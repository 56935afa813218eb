"""The REST API: one module for each of GitHub's chapters, each with its table of routes."""
