"""Rules: what raises an alert, for how long it must last, how bad it is, and whose it is."""
