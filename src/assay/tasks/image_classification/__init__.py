"""Image in, one of several classes out. One module a stage, and what two of them share."""
