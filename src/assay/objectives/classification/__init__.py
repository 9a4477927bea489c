"""Classification: labels, metrics, comparison with a baseline, plots and report of a classifier."""
