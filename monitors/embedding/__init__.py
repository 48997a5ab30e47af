"""Texts into vectors: the static encoder that sees every text, and the transformer behind it."""
