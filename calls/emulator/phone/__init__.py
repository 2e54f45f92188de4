"""Two telephones in a browser: one rings the voice application, the other is rung by it."""
