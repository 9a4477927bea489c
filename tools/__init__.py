"""What maintainers run on the project itself: its locks, its audit, its mutants."""
