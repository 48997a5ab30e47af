"""History decided on again with a candidate configuration: what would have fired, and what was known."""
