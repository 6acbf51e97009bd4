"""Statistics that only the research commands use."""
