"""The command line: a file a command, which parses, calls one function and renders its report.

A new command is a file like `train.py`, registered in `app.py`, with a row in the table of examples/COMMANDS.md. Flags
that are settings come from `options.py`, what several commands need from `common.py`; `remedies.py` words what an error
advises.
"""
