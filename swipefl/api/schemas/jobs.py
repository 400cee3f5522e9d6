"""What the resources of jobs answer."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from swipefl.api.schemas.answers import Problem

Kind = Literal["train", "cycle"]
State = Literal["running", "done", "failed", "cancelled"]

JOB: dict[str, Any] = {
    "id": "5d3a9c0e41f2b786",
    "kind": "train",
    "state": "running",
    "started_at": 1785542400.0,
    "finished_at": None,
    "progress": {"epoch": 1, "epochs": 4, "done": 12, "total": 160, "loss": 0.41},
    "report": None,
    "problem": None,
}


class Progress(BaseModel):
    """How far training is: batches `done` of `total`; `loss` is how far off the last one was."""

    epoch: int
    epochs: int
    done: int
    total: int
    loss: float | None


class Job(BaseModel):
    """Work in the background; times in unix seconds. `report` is what it came to, `problem` why it failed."""

    model_config = ConfigDict(json_schema_extra={"examples": [JOB]})

    id: str
    kind: Kind
    state: State
    started_at: float
    finished_at: float | None
    progress: Progress | None
    report: dict[str, Any] | None
    problem: Problem | None


class OneJob(BaseModel):
    """A job."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"job": JOB}]})

    job: Job


class MaybeJob(BaseModel):
    """The job that runs or was the last one; null where there was none yet."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"job": JOB}, {"job": None}]})

    job: Job | None
