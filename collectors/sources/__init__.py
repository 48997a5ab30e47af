"""Every format that logs come in: one file each, found by its file name."""
