"""The words for each event, by the modules of the catalogue."""
