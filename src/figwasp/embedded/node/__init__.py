"""The simulated node and the controllers that put pods on it."""
