"""From gradients to trained networks: optimisers, a training loop, models."""
