"""How a network is trained: recipe, optimiser, epochs, checkpoints."""
