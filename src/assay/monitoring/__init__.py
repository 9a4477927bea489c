"""What a scheduled tick looks at, and what it decides: drift, and whether to train."""
