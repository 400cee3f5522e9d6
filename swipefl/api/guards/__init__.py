"""What stands before every request: who may ask, from where, how much and how fast."""

CLOSING = {"Connection": "close"}  # where it is not sure where the next request begins
