"""`device.upkeep`: what keeps a device well that nobody watches."""

from swipefl.library.part import Part


class Upkeep(Part):
    """What `device.upkeep` can do: each function is one of the command line's."""
