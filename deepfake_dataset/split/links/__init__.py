"""Which videos may not be parted by a split, and which are known not to belong together."""
