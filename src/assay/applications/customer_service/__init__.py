"""Customer service built from released models: what is meant, in what mood, and the answer."""
