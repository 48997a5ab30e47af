"""How long what is stored is kept, and how it is deleted."""
