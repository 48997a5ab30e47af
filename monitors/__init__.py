"""Is something wrong, and who must know."""
