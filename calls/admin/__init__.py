"""The door for staff: Django's admin, with our brand and what we have to decide in it.

apps.py imports the modules that register something. This file must not: Django makes the site while it imports
this package for the first time, and whatever is registered during that goes to a site that is then thrown away.
"""
