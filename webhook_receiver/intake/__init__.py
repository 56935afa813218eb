"""The hot path: a signed webhook becomes a durable row and a task, or a clear refusal."""
