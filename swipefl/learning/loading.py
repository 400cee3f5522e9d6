"""The trainer for who wants to train, where PyTorch is installed: nothing but learning needs it."""

from importlib.util import find_spec

from swipefl.errors import Remedy, UsageError
from swipefl.learning.training import Trainer

_NEEDED = "torch"


def load_trainer() -> Trainer:
    """The trainer; importing it loads torch. Raises UsageError where that is not installed, or cannot be loaded."""
    check_trainer()
    try:
        from swipefl.learning.trainer import train
    except (ImportError, OSError) as error:  # a half of it is missing, or it is of another machine
        broken = "torch, which learning needs, is installed but cannot be loaded ({why})"
        raise UsageError("broken-torch", broken, Remedy.INSTALL_TORCH, why=type(error).__name__) from error
    return train


def check_trainer() -> None:
    """Raises UsageError where torch is not installed; nothing is loaded for that."""
    if find_spec(_NEEDED) is None:
        raise UsageError("no-torch", "learning needs torch, which is not installed", Remedy.INSTALL_TORCH)
