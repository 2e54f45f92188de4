"""The door for people: what happens on the telephone, in a browser."""
