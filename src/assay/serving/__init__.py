"""The HTTP server of released bundles: it answers what clients ask, and never imports torch."""
