"""The contract: what a loss is, what it may say, and what a caller may ask of it."""
