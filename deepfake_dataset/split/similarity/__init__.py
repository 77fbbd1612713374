"""Who and what is seen: face embeddings and perceptual hashes, people and near-duplicates."""
