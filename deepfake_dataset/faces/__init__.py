"""Who is in a scene: detection, tracking, landmarks, alignment, crops."""
