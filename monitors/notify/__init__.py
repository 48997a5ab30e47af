"""Getting a message to people: delivery from the outbox, and the channels."""
