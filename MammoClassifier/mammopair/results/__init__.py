"""What a user takes away from a record: the table, the page, and the pictures on it."""
