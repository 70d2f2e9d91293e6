"""Flags, environment and files → the settings of a pass; each module is imported by its own name."""
