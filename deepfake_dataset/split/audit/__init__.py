"""What is wrong with a split: who stands on both sides, and what gives the label away."""
