"""The same bundle behind other servers. Each file runs in an environment of its own."""
