"""`figwasp demo`: the whole loop on this machine, without a cluster."""
