"""The small API server."""
