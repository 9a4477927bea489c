"""Texts: read, clean, measure, find duplicates, split, and encode as token ids."""
