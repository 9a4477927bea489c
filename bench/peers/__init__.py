"""The same bundle behind other servers; all but ``unbatched`` run in environments of their own."""
