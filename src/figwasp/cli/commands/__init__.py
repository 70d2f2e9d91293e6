"""One module for each command, with its options; `COMMAND` is what `program` runs."""
