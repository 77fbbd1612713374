"""What a dataset holds, and how it is read: records, faces, decisions, manifests."""
