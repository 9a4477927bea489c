"""The verbs: one module a stage, files in, files out. What they read and write is in ``paths``."""
