"""The device's end of a federation: joining one, and visits to its coordinator."""
