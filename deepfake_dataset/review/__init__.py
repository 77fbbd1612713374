"""A person's say: which faces to look at first, what they decide, crops made anew."""
