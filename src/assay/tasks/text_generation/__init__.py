"""Text generation: a decoder-only transformer from random weights, exported with its cache."""
