"""A small API server, registry and node in one process: for `figwasp demo`, and for tests."""
