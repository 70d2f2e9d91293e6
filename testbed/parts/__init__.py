"""One file per kind of part: settings in, a Part out."""
