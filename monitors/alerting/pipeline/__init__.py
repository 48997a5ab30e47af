"""From news of incidents to messages in the outbox: one file a step, named in order in `steps`."""
