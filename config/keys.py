"""Which requests take an `Idempotency-Key`, and what one looks like."""

import re

HEADER = "Idempotency-Key"
#: Visible ASCII.
KEY = re.compile(r"[!-~]{1,255}")
METHODS = {"POST", "PUT", "PATCH", "DELETE"}
API = "/api/v1/"
#: Answers there hold a token, which is shown once and kept nowhere.
SIGNING_IN = "/api/v1/auth/"
#: Works in many transactions, and may be sent again as it is: what was taken back stays so.
REVERTING = "/revert/"
#: Whoever leaves leaves no answer behind, and a wrong password counts, which a refused request with a key would undo.
LEAVING = ("DELETE", "/api/v1/users/me/")


def takes_key(method: str, path: str) -> bool:
    """Whether a request of this kind is answered once for each key."""
    if method not in METHODS or not path.startswith(API):
        return False
    return not path.startswith(SIGNING_IN) and not path.endswith(REVERTING) and (method, path) != LEAVING


def unquoted(value: str) -> str:
    """The draft writes a key as a string in quotes, most clients write it bare: both are the same key."""
    is_quoted = len(value) > 1 and value[0] == value[-1] == '"'
    return value[1:-1] if is_quoted else value


def is_key(text: str) -> bool:
    """Whether a key may look like this."""
    return KEY.fullmatch(text) is not None
