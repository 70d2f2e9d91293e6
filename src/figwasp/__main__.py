"""`python -m figwasp`: the same program as the `figwasp` command."""

import sys

from figwasp.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
