"""Mergeable sketches of windows: what is compared without reading a row."""
