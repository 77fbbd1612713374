"""Networks: what stands before them, their weights, what their layers respond to."""
