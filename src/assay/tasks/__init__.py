"""One folder a task type; found by its name."""
