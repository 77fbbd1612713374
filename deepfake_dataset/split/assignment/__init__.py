"""Which side each group of videos goes to."""
