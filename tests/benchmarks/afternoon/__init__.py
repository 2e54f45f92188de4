"""The call server as one would write it in an afternoon: Django REST framework, a row per call, a row per event."""
