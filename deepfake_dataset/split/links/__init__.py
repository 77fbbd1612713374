"""Must-links, cannot-links, and the groups of videos that follow from them."""
