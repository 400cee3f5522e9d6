"""What requests and answers look like: pydantic models, of which OpenAPI is made."""

from swipefl.api.schemas import requests, swipes

_GIVEN = (swipes.Asked, swipes.Swipe, swipes.Deletion, swipes.Point, *requests.ALL)
NAMES = frozenset(name for model in _GIVEN for name in model.model_fields)  # of fields, that errors may say
