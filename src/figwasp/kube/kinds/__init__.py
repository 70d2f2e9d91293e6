"""One file per workload kind."""
