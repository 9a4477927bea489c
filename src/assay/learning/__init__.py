"""The training loop and its parts: knows batches and losses, not what they are made of."""
