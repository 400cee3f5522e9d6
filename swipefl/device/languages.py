"""Which languages somebody means: what a flag says, and what the person writes in."""

from swipefl.errors import UsageError
from swipefl.gesture.language import Languages, languages_of


def said_languages(text: str | None) -> Languages:
    """The languages of a flag such as `de,en`; none where it was not given. Raises UsageError for what is no tag."""
    if text is None:
        return ()
    try:
        languages = languages_of(text) if isinstance(text, str) else ()  # Python lets anything through
    except ValueError:
        languages = ()
    if not languages:
        raise UsageError("no-language", "a language is a tag such as de or pt-br; several are separated as in de,en")
    return languages


def said_language(text: str) -> str:
    """The one language of a flag such as `de`. Raises UsageError for what is no tag, or several."""
    languages = said_languages(text)
    if len(languages) > 1:
        raise UsageError("no-language", "a lexicon is of one language: say its tag, such as de")
    return languages[0]
