"""From results to alerts to incidents to queued messages: one step a file."""
