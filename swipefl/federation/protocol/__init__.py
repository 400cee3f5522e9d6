"""What both ends of the wire say, and hold one another to."""
