"""Our rules around the platform's API: which calls are placed, and what is done to calls that go on."""
