"""Which side each group of videos goes to: train, test or val."""
