"""The HTTP API of a device and the page on it: a face over what the Python API gives (`swipefl[api]`)."""
