"""What a trained network says of faces, and how good that is."""
