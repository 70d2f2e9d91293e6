"""Ours against upstream's own code, on a hundred thousand inputs a function."""
