"""The network and its training; nothing else imports torch."""
