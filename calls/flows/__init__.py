"""What a caller hears: steps, their compilation, the engine that runs them, and which number has which."""
