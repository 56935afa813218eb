"""Celery tasks: load, decide, append; nothing else."""
