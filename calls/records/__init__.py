"""The call log: keeping events, folding them into legs and calls, telling what happened."""
