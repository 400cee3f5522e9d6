"""What each setting means, for flags and files alike; free of pydantic, so that a --help can say it."""

HOME = "the folder of the store"
MOST_JOBS = 64  # processes that share a file
LOG = "log lines on standard error: text (key=value) or json"

DEVICE = {
    "home": HOME,
    "keyboard": "the keyboard of gestures that do not say",
    "languages": "what you write in, such as de or de,en: where keyboards do not say; else the system's at first",
    "offensive_words": "offer offensive words also to who never typed them",
    "capitals": "write the first word of a sentence with a capital; no, where the keyboard does that itself",
    "epochs": "passes of personal training",
    "batch_size": "examples a step",
    "learning_rate": "step size of personal training (Adam)",
    "seed": "seed of training; equal seeds give equal models on one machine",
    "device": "where to train: auto, cpu or cuda",
    "contribution_epochs": "passes for a contribution",
    "contribution_learning_rate": "step size for a contribution (Adam)",
    "max_norm": "the norm that a contribution is clipped to",
    "sync_deadline_s": "the longest that a visit to the coordinator may take",
    "share_scores": "tell the coordinator how many held-out swipes each version got right, rounded",
    "client_certificate": "this device's certificate (PEM), where one is asked for",
    "client_key": "the key of that certificate (PEM)",
    "log": LOG,
}

COORDINATOR = {
    "home": "the folder of coordinator.db",
    "listen": "HOST:PORT; port 0 takes a free one",
    "tls_cert": "certificate chain (PEM)",
    "tls_key": "the key of that certificate (PEM)",
    "client_ca": "ask devices for certificates that come from this (PEM)",
    "insecure": "without TLS, also beyond this machine",
    "metrics": "HOST:PORT of /metrics for Prometheus",
    "reflection": "let tools list the service",
    "holdout": "swipes that a new version must not do worse on",
    "buffer": "updates that make a round, of one device one at most",
    "max_wait_s": "a round sooner, where one has waited so long",
    "least": "updates that such a round needs; fewer than 3 tell everybody what is in one",
    "max_staleness": "versions that an update may be late",
    "rule": "how updates are combined: mean, median or trimmed-mean",
    "optimizer": "how the step is made: fedavg, fedavgm or fedadam",
    "server_lr": "step size of the global weights",
    "steady": "rounds before the step falls as 1 / round; 0: never",
    "momentum": "momentum of fedavgm and fedadam",
    "trim": "share that a trimmed mean leaves out at each end",
    "example_cap": "weight by examples up to this; 0: all equal",
    "max_norm": "the norm that an update may have, and is clipped to",
    "epochs": "passes of a contribution",
    "batch_size": "examples a step of a contribution",
    "learning_rate": "step size of a contribution (Adam)",
    "retry_after_s": "how long devices' timers stay away",
    "stream_s": "how long an upload or a download may take",
    "log": LOG,
}
