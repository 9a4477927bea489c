"""Effects on the registry."""
