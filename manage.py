#!/usr/bin/env python
"""Django's commands for the call server: `manage.py help` lists them."""

import gc
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callserver.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))  # a setting that cannot be used: its name, the reason and the cure
    except Exception as error:
        from calls.management.database import in_a_sentence

        sentence = None if "--traceback" in sys.argv else in_a_sentence(error)
        if sentence is None:
            raise
        sys.exit(sentence)
    except KeyboardInterrupt:
        sys.exit(130)  # Ctrl-C, as shells count it
    finally:
        gc.freeze()  # Python looks for garbage once more as it ends: a fifth of what a short command takes
