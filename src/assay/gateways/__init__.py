"""One file or folder per outside system."""
