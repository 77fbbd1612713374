"""Where bytes lie, and who may write."""
