"""The demo: two sample repositories, two issues, and the story of how they are merged."""
