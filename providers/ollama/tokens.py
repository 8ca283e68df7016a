"""How long a prompt may be: the server cuts one that is too long without a word, so it is counted here first."""

from collections.abc import Iterable, Mapping

# Any byte-level tokenizer makes at most one token of a byte. Runs of ASCII letters and blanks are never that bad:
# the densest text seen in statements, abbreviations in capitals, has a little over two of them in a token.
_LETTERS_IN_A_TOKEN = 2
# Role names and separators that the model's chat template puts around a message.
_TOKENS_AROUND_A_MESSAGE = 8


def most_tokens(text: str) -> int:
    """Return a number of tokens that `text` hardly exceeds with any tokenizer."""
    n_letters = sum(1 for character in text if character.isascii() and (character.isalpha() or character == " "))
    n_other_bytes = len(text.encode("utf-8", "replace")) - n_letters
    return -(-n_letters // _LETTERS_IN_A_TOKEN) + n_other_bytes


def most_prompt_tokens(messages: Iterable[Mapping[str, str]]) -> int:
    """Return the same for a chat, with what the template adds to each message and before the answer."""
    return _TOKENS_AROUND_A_MESSAGE + sum(
        _TOKENS_AROUND_A_MESSAGE + most_tokens(message["content"]) for message in messages
    )
