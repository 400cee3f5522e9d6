"""Writes the key of a SuperNode, and FILE.pub, by which a SuperLink knows it: python make_key.py FILE ...

`ssh-keygen -t ecdsa -b 384 -N "" -f FILE` writes the same.
"""

import sys
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec


def write(path: Path) -> None:
    """PATH, for its owner alone, and PATH.pub."""
    key = ec.generate_private_key(ec.SECP384R1())
    path.touch(mode=0o600)
    pem, openssh, plain = serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(pem, openssh, plain))
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    path.with_name(f"{path.name}.pub").write_bytes(public)


if __name__ == "__main__":
    for file in sys.argv[1:]:
        write(Path(file))
