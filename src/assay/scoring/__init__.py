"""Metrics, intervals, pictures and the baseline."""
