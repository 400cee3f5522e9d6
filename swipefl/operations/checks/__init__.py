"""What `doctor` looks at, a file a matter: each function tells what it found, and changes nothing."""
