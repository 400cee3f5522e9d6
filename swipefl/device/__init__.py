"""What a device does, a function and a report each. `cycle` is the story."""
