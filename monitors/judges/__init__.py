"""Who grades an answer: a local scorer that needs nothing, and LLM judges behind one interface."""
