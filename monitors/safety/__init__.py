"""Safety of answers and requests, scored on this machine: no key, no network."""
