"""Which videos there are, and what they are."""
