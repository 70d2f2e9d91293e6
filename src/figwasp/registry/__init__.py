"""Speaks the OCI distribution protocol."""
