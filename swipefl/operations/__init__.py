"""What keeps a device well that nobody watches: when it may work, whether all is well, copies, what is kept."""
