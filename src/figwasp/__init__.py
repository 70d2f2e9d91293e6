"""Figwasp: restarts Kubernetes workloads when the image behind their tag has changed."""

__version__ = "3.0.0.dev0"
