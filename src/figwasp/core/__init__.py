"""The pure heart: values and the rules over them; no I/O, clock, threads, environment or randomness."""
