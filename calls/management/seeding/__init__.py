"""Calls that never were, in any number: shaped as real ones, folded as real ones, between numbers nobody has."""
