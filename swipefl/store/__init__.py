"""A device's tables over `database`: `gestures.py` keeps the swipes, `store.py` opens them all together."""
