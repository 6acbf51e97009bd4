"""Evidence: what in the views speaks for and against malignancy, and how far to believe it."""
