"""NCCOs, the arrays of actions by which Vonage runs a call: making them, and saying what is wrong with one.

`check(ncco)` lists every Problem with its rule (1 to 28, in `RULES`), severity, path and a message that names the cure.
Source: https://developer.vonage.com/en/voice/voice-api/ncco-reference
"""

from calls.vonage.ncco.build import stream, talk
from calls.vonage.ncco.checking import check, errors
from calls.vonage.ncco.problems import RULES, Ncco, Problem, Severity
from calls.vonage.ssml import spoken_length

__all__ = ["RULES", "Ncco", "Problem", "Severity", "check", "errors", "spoken_length", "stream", "talk"]
