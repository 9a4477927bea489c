"""Images: read, measure, find duplicates, split, and decode to pixels."""
