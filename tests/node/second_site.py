"""Where a second bed may be, beside the one that the tests share."""

from pathlib import Path

from testbed import Site


def second_site(folder: Path) -> Site:
    """A place in `folder`, on the ports after those of the bed that is shared, wherever that is."""
    return Site(folder / "bed", Site.chosen().base_port + 100)
