"""A file a resource: parse, call one function of the device, give its report."""
