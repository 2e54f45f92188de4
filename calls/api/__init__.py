"""The door for programs: the call log as JSON, read only."""
