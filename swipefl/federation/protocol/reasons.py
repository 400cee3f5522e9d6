"""Why an update is refused, where the device that sent it acts on the reason."""

ALREADY_CONTRIBUTED = "already-contributed"  # another of this device was taken for this version, or still waits
