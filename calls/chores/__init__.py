"""What has to be done again and again beside the calls, and the loop of the worker that does it."""
