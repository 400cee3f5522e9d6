"""What people are told, in sentences and pictures: the same on the command line and on the page."""
