"""One module per worker type: its queue, its concurrency, its shutdown, its health."""
