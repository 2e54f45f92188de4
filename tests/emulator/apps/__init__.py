"""Small voice applications in Flask, each after one of the vendor's samples: the same order of calls, the same fields
read, in words of our own. None knows anything of the call server. Each serves on PORT.
"""
