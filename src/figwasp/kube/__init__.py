"""Speaks the Kubernetes API."""
