"""What the pages and the API read: projections and ledgers, never the event log as a whole."""
