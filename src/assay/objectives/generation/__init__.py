"""Generation of text: an n-gram baseline, bits per byte, quality and memorisation of samples."""
