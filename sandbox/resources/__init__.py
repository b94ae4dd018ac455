"""One file for each resource of the API: its fields and its operations."""
