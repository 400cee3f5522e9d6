"""What a finger did, on which keyboard, and in which file formats it comes (`formats/`)."""
