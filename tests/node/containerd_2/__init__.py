"""Where the node runs containerd 2: what could differ from Debian's containerd, which every other test here runs on."""
