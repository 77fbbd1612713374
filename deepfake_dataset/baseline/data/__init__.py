"""Which faces are trained and scored on, and how they become batches."""
