"""One limit of time for all patterns that a request asks, wherever it asks them."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from rules.operators.patterns import pattern_budget


class PatternTime:
    """What takes longer counts as undecided; see rules.operators.patterns."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with pattern_budget():
            return self._get_response(request)
