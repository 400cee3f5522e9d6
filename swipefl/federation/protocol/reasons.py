"""Why an update is refused, where the device that sent it acts on the reason."""

ALREADY_CONTRIBUTED = "already-contributed"  # another update of this device for this version was taken
