"""The edge to GitHub: signatures, payloads, identities, typed reads and guarded writes.

The receiver imports `signature` and `payloads` only; neither pulls in an HTTP client.
"""
