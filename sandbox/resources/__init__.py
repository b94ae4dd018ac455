"""One file for each resource of the API: its fields, and what happens on each of its requests."""
