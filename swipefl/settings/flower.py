"""What counts for a federation on Flower where nobody says otherwise."""

SUPERLINK = "127.0.0.1:8000"  # where one listens, unless it is told
STATE = "~/.local/share/swipefl-flower"  # on the SuperLink's machine
LAB_STATE = "~/.local/share/swipefl-flower-lab"  # of nodes that are devices
