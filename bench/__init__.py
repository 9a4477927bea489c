"""Measurements of Assay beside what people would use without it: `make bench`."""
