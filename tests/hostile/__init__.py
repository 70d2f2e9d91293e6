"""A hostile registry and a failing API server, as programs, and what a pass makes of them."""
