"""What is true of an objective, whatever data it is learned from: one folder an objective."""
