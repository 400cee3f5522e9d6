"""A training that was stopped, as bytes: all that it takes to go on as if nothing had been.

It is safetensors, never pickle.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from swipefl.learning.network import Network

FORMAT = "swipefl-training-1"
RANDOM = "random"  # the generator that dropout draws from
MOMENTS = ("exp_avg", "exp_avg_sq", "step")  # Adam's, by torch's names
_DAMAGE = (AttributeError, ValueError, KeyError, TypeError, SafetensorError, RecursionError, OverflowError)


@dataclass(frozen=True)
class Standing:
    """How far it is: `done` batches of this process's and earlier ones' `seconds`.

    `examples` are learned from, and `unalignable` were left out; `loss` is the last batch's, and each loss None until
    it was measured; `frames` is a hash of what the network sees of the examples. It `is_over` once nothing is left to
    be done.
    """

    done: int = 0
    loss: float | None = None
    seconds: float = 0.0
    examples: int = 0
    unalignable: int = 0
    loss_before: float | None = None
    loss_after: float | None = None
    frames: str = ""
    is_over: bool = False


def packed(
    standing: Standing, network: Network, optimizer: torch.optim.Optimizer | None, device: torch.device
) -> bytes:
    """The bytes of a training between two batches; without an `optimizer` it is over, and nothing goes on from it."""
    tensors: dict[str, Tensor] = {f"weight {name}": weight for name, weight in network.named_parameters()}
    if optimizer is not None:
        for place, moments in optimizer.state_dict()["state"].items():
            tensors |= {f"{moment} {place}": moments[moment] for moment in MOMENTS}
        tensors[RANDOM] = _generator(device).get_state()
    about = {**_made_by(device), "standing": _plain(standing)}
    metadata = {"swipefl": json.dumps(about, sort_keys=True)}
    return save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, metadata)


class Halfway:
    """What `packed` wrote, read back: where the training stands, and what takes it up again."""

    def __init__(self, standing: Standing, tensors: Mapping[str, Tensor]) -> None:
        self.standing = standing
        self._tensors = tensors

    def take_up(self, network: Network, optimizer: torch.optim.Optimizer | None, device: torch.device) -> None:
        """Makes the network, the optimiser and what is drawn at random what they were."""
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                parameter.copy_(self._tensors[f"weight {name}"])
        if optimizer is None:
            return
        known = optimizer.state_dict()
        places = [place for group in known["param_groups"] for place in group["params"]]
        known["state"] = {
            place: {moment: self._tensors[f"{moment} {place}"] for moment in MOMENTS}
            for place in places
            if f"step {place}" in self._tensors
        }
        optimizer.load_state_dict(known)
        _generator(device).set_state(self._tensors[RANDOM])

    def fits(self, network: Network) -> bool:
        """Whether these are weights of such a network."""
        shapes = {f"weight {name}": weight.shape for name, weight in network.named_parameters()}
        ours = {name: tensor.shape for name, tensor in self._tensors.items() if name.startswith("weight ")}
        return ours == shapes


def halfway_of(state: bytes | None, device: torch.device) -> Halfway | None:
    """What was kept, if this swipefl and torch on such a `device` made it: others would go on to other numbers.

    What cannot be read is as good as nothing: the training begins anew.
    """
    if state is None:
        return None
    try:
        header = json.loads(state[8 : 8 + int.from_bytes(state[:8], "little")])
        about = json.loads(header["__metadata__"]["swipefl"])
        standing = Standing(**about.pop("standing"))
        return Halfway(standing, load(state)) if about == _made_by(device) else None
    except _DAMAGE:
        return None


def _made_by(device: torch.device) -> dict[str, str]:
    return {"format": FORMAT, "swipefl": _code(), "torch": torch.__version__, "device": device.type}


@cache
def _code() -> str:
    """Of all that trains: what a release is called says nothing of what was pulled since."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _plain(standing: Standing) -> dict[str, object]:
    """JSON has no number that is none."""
    return {
        name: None if isinstance(fact, float) and math.isnan(fact) else fact for name, fact in asdict(standing).items()
    }


def _generator(device: torch.device) -> torch.Generator:
    if device.type == "cpu":
        return torch.default_generator
    return torch.cuda.default_generators[device.index or torch.cuda.current_device()]
