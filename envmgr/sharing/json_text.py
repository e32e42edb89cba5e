"""JSON from elsewhere, read as one of our models."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)


def parsed(model: type[Model], text: bytes) -> Model:
    """Read a text as a model.

    Raises:
        ValueError: it is none; the message names the first fault and its place.
    """
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise ValueError(f"{'.'.join(map(str, fault['loc'])) or 'the text'}: {fault['msg']}") from error
