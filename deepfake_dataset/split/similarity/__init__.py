"""Who and what is seen: face embeddings, perceptual hashes, same persons, near-duplicates."""
