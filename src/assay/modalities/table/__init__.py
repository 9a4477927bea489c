"""Tables of features: read, measure, find duplicates, split, and encode rows of raw values."""
