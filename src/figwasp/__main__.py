"""`python -m figwasp`: the same program as the `figwasp` command."""

from figwasp.cli.main import run

if __name__ == "__main__":
    run()
