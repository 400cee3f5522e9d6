"""What stands before every request: who may ask, from where, how much and how fast."""
