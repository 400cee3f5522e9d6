"""swipefl as a library: what `swipefl.open`, `coordinator` and `simulate` give. The command line calls the same.

What is promised stands in `swipefl/__init__.py`; the docstrings here are its reference (examples/API.md).
"""
