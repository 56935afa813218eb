"""The schema's history. Steps are never edited once they were released."""
