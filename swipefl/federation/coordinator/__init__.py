"""The peer that aggregates: its state, its service, its rounds, and the server around them."""
