"""Compositions of several released models. Never imports torch."""
