"""Load as Vonage would make it, and the oracle that says whether what was acknowledged is kept.

`make bench` and `make faults` use it. It meets the server over HTTP alone, on this machine, bounded in count and time.
"""
