"""The only reader of flags, environment and files: a device's settings, a coordinator's, and how either logs."""
