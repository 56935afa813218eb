"""JSON shapes of the REST API, with GitHub's own field names."""
