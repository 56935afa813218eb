from stored import database, stores

__all__ = ["database", "stores"]
