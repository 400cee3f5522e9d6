from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_UNSPECIFIED: _ClassVar[Outcome]
    OUTCOME_ACCEPTED: _ClassVar[Outcome]
    OUTCOME_DUPLICATE: _ClassVar[Outcome]
    OUTCOME_STALE: _ClassVar[Outcome]
    OUTCOME_REFUSED: _ClassVar[Outcome]
OUTCOME_UNSPECIFIED: Outcome
OUTCOME_ACCEPTED: Outcome
OUTCOME_DUPLICATE: Outcome
OUTCOME_STALE: Outcome
OUTCOME_REFUSED: Outcome

class EnrollRequest(_message.Message):
    __slots__ = ("token", "credential")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_FIELD_NUMBER: _ClassVar[int]
    token: bytes
    credential: bytes
    def __init__(self, token: _Optional[bytes] = ..., credential: _Optional[bytes] = ...) -> None: ...

class EnrollResponse(_message.Message):
    __slots__ = ("device_id", "keys")
    DEVICE_ID_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    device_id: str
    keys: SigningKeys
    def __init__(self, device_id: _Optional[str] = ..., keys: _Optional[_Union[SigningKeys, _Mapping]] = ...) -> None: ...

class SigningKeys(_message.Message):
    __slots__ = ("public_key", "successions")
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    SUCCESSIONS_FIELD_NUMBER: _ClassVar[int]
    public_key: bytes
    successions: _containers.RepeatedCompositeFieldContainer[Succession]
    def __init__(self, public_key: _Optional[bytes] = ..., successions: _Optional[_Iterable[_Union[Succession, _Mapping]]] = ...) -> None: ...

class Succession(_message.Message):
    __slots__ = ("old_public_key", "new_public_key", "signature")
    OLD_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    NEW_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    old_public_key: bytes
    new_public_key: bytes
    signature: bytes
    def __init__(self, old_public_key: _Optional[bytes] = ..., new_public_key: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...

class CheckInRequest(_message.Message):
    __slots__ = ("version", "fingerprint", "judged")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    JUDGED_FIELD_NUMBER: _ClassVar[int]
    version: int
    fingerprint: str
    judged: Judged
    def __init__(self, version: _Optional[int] = ..., fingerprint: _Optional[str] = ..., judged: _Optional[_Union[Judged, _Mapping]] = ...) -> None: ...

class Judged(_message.Message):
    __slots__ = ("version", "swipes", "right_before", "right_now")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SWIPES_FIELD_NUMBER: _ClassVar[int]
    RIGHT_BEFORE_FIELD_NUMBER: _ClassVar[int]
    RIGHT_NOW_FIELD_NUMBER: _ClassVar[int]
    version: int
    swipes: int
    right_before: int
    right_now: int
    def __init__(self, version: _Optional[int] = ..., swipes: _Optional[int] = ..., right_before: _Optional[int] = ..., right_now: _Optional[int] = ...) -> None: ...

class CheckInResponse(_message.Message):
    __slots__ = ("newest", "plan", "keys", "retry_after_s", "contributed", "score_weights", "conditions", "last_update")
    NEWEST_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_S_FIELD_NUMBER: _ClassVar[int]
    CONTRIBUTED_FIELD_NUMBER: _ClassVar[int]
    SCORE_WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    LAST_UPDATE_FIELD_NUMBER: _ClassVar[int]
    newest: SignedManifest
    plan: TrainingPlan
    keys: SigningKeys
    retry_after_s: float
    contributed: bool
    score_weights: int
    conditions: Conditions
    last_update: str
    def __init__(self, newest: _Optional[_Union[SignedManifest, _Mapping]] = ..., plan: _Optional[_Union[TrainingPlan, _Mapping]] = ..., keys: _Optional[_Union[SigningKeys, _Mapping]] = ..., retry_after_s: _Optional[float] = ..., contributed: bool = ..., score_weights: _Optional[int] = ..., conditions: _Optional[_Union[Conditions, _Mapping]] = ..., last_update: _Optional[str] = ...) -> None: ...

class Conditions(_message.Message):
    __slots__ = ("least_battery", "unmetered", "hottest_c", "most_load", "least_new_swipes", "contribute_every_s")
    LEAST_BATTERY_FIELD_NUMBER: _ClassVar[int]
    UNMETERED_FIELD_NUMBER: _ClassVar[int]
    HOTTEST_C_FIELD_NUMBER: _ClassVar[int]
    MOST_LOAD_FIELD_NUMBER: _ClassVar[int]
    LEAST_NEW_SWIPES_FIELD_NUMBER: _ClassVar[int]
    CONTRIBUTE_EVERY_S_FIELD_NUMBER: _ClassVar[int]
    least_battery: int
    unmetered: bool
    hottest_c: float
    most_load: float
    least_new_swipes: int
    contribute_every_s: float
    def __init__(self, least_battery: _Optional[int] = ..., unmetered: bool = ..., hottest_c: _Optional[float] = ..., most_load: _Optional[float] = ..., least_new_swipes: _Optional[int] = ..., contribute_every_s: _Optional[float] = ...) -> None: ...

class SignedManifest(_message.Message):
    __slots__ = ("manifest", "signature")
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    manifest: bytes
    signature: bytes
    def __init__(self, manifest: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...

class Manifest(_message.Message):
    __slots__ = ("version", "architecture", "fingerprint", "sha256", "size_bytes")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ARCHITECTURE_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    version: int
    architecture: str
    fingerprint: str
    sha256: bytes
    size_bytes: int
    def __init__(self, version: _Optional[int] = ..., architecture: _Optional[str] = ..., fingerprint: _Optional[str] = ..., sha256: _Optional[bytes] = ..., size_bytes: _Optional[int] = ...) -> None: ...

class TrainingPlan(_message.Message):
    __slots__ = ("epochs", "batch_size", "learning_rate", "max_norm")
    EPOCHS_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    MAX_NORM_FIELD_NUMBER: _ClassVar[int]
    epochs: int
    batch_size: int
    learning_rate: float
    max_norm: float
    def __init__(self, epochs: _Optional[int] = ..., batch_size: _Optional[int] = ..., learning_rate: _Optional[float] = ..., max_norm: _Optional[float] = ...) -> None: ...

class DownloadCheckpointRequest(_message.Message):
    __slots__ = ("version", "offset")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    version: int
    offset: int
    def __init__(self, version: _Optional[int] = ..., offset: _Optional[int] = ...) -> None: ...

class DownloadCheckpointResponse(_message.Message):
    __slots__ = ("offset", "data")
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    offset: int
    data: bytes
    def __init__(self, offset: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class UploadUpdateRequest(_message.Message):
    __slots__ = ("header", "data")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    header: UpdateHeader
    data: bytes
    def __init__(self, header: _Optional[_Union[UpdateHeader, _Mapping]] = ..., data: _Optional[bytes] = ...) -> None: ...

class UpdateHeader(_message.Message):
    __slots__ = ("update_id", "base_version", "base_fingerprint", "examples", "size_bytes", "sha256")
    UPDATE_ID_FIELD_NUMBER: _ClassVar[int]
    BASE_VERSION_FIELD_NUMBER: _ClassVar[int]
    BASE_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    EXAMPLES_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    update_id: str
    base_version: int
    base_fingerprint: str
    examples: int
    size_bytes: int
    sha256: bytes
    def __init__(self, update_id: _Optional[str] = ..., base_version: _Optional[int] = ..., base_fingerprint: _Optional[str] = ..., examples: _Optional[int] = ..., size_bytes: _Optional[int] = ..., sha256: _Optional[bytes] = ...) -> None: ...

class UploadUpdateResponse(_message.Message):
    __slots__ = ("outcome", "reason")
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    outcome: Outcome
    reason: str
    def __init__(self, outcome: _Optional[_Union[Outcome, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class LeaveRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class LeaveResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
