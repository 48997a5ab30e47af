"""A believable support assistant, with known incidents and the truth beside them."""
