"""The door for Vonage: the answer, event and fallback webhooks."""
