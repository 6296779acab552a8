"""What runs a shape: `native` compiles it, `reference` is the readable specification in NumPy."""
