"""The platform's REST API, as far as voice applications use it."""
