"""The door for programs: the call log, what callers hear, who they are, and when it is open, as JSON."""
