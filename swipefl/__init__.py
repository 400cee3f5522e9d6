"""swipefl: on-device federated learning for swipe keyboards."""

__version__ = "0.1.0"
