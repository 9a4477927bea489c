"""What is true of a kind of data, whatever is learned from it: one folder a modality, no torch."""
