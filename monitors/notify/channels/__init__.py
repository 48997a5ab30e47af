"""One file is one channel."""
