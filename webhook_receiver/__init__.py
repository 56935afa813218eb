"""The web application: webhooks in, JSON and one page out."""
