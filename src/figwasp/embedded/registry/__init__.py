"""The small registry."""
