"""A federation: one round (`round.py`) out of pure parts, the protocol, and its two ends."""
