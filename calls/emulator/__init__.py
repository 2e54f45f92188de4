"""A local Vonage: rings a voice application over real HTTP, as the platform does, with no account and no telephone.

It knows `calls.vonage`, the platform's language, and nothing else of ours. What no source says, and is
therefore a guess, bears the word "inferred".
"""
