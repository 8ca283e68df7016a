"""Client of the API in the same process, and a worker that runs its tasks; needs an instance that is set up."""

from collections.abc import Iterator, Sequence
from typing import Any

#: Requests a minute that the client may make: as many as it likes.
NO_LIMITS = {f"OUTLAY_RATE_{name}": "1000000/minute" for name in ("SUGGEST", "IMPORTS", "BULK", "LOGIN", "REGISTER")}
#: Rounds of tasks, each queued by the one before, until something must be wrong.
MOST_ROUNDS = 500


class Refused(Exception):
    """An answer that is no success, by its status code."""

    def __init__(self, address: str, status: int, body: bytes) -> None:
        super().__init__(f"{address}: {status} {body[:500]!r}")
        self.status = status


class ApiClient:
    """Requests of one user, through an `APIClient` that sends a token. Addresses are relative to /api/v1/."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def get(self, address: str, **query: Any) -> Any:
        return self._ask("get", address, query)

    def post(self, address: str, body: Any = None, *, form: bool = False) -> Any:
        return self._ask("post", address, body, format="multipart" if form else "json")

    def patch(self, address: str, body: Any) -> Any:
        return self._ask("patch", address, body, format="json")

    def pages(self, address: str, **query: Any) -> Iterator[Any]:
        """Yield every result of a list."""
        page, has_more = 1, True
        while has_more:
            body = self.get(address, page=page, page_size=500, **query)
            yield from body["results"]
            page, has_more = page + 1, body["next"] is not None

    def _ask(self, method: str, address: str, body: Any, **options: Any) -> Any:
        answer = getattr(self._client, method)(f"/api/v1/{address}", body, **options)
        if answer.status_code >= 400:
            raise Refused(address, answer.status_code, answer.content)
        return answer.json() if answer.content else None

    def category_ids(self) -> dict[str, int]:
        """Return the ids of categories by name."""
        return {category["name"]: category["id"] for category in self.pages("categories/")}

    def suggest(self, questions: Sequence[dict[str, Any]]) -> list[Any]:
        """Return the answers to questions of any number; nothing is written."""
        found: list[Any] = []
        for start in range(0, len(questions), 100):
            found += self.post("categorization/suggest/", {"transactions": questions[start : start + 100]})["results"]
        return found


def register(name: str) -> ApiClient:
    """Register a user, and return a client that is signed in."""
    from rest_framework.test import APIClient

    from accounts.services.users import register_user, sign_in

    user = register_user(username=name, email=f"{name}@example.org", password="not-a-secret-1").user
    return ApiClient(APIClient(HTTP_AUTHORIZATION=f"Token {sign_in(user=user).token}", HTTP_HOST="localhost"))


def run_tasks() -> None:
    """Run every queued task as a worker does, without the rests between those of one ledger."""
    from django.core.management import call_command
    from django.db.models import Q
    from django.utils import timezone
    from django_tasks_db.models import DBTaskResult, get_date_max

    waiting = DBTaskResult.objects.filter(status="READY")
    for _ in range(MOST_ROUNDS):
        waiting.filter(~Q(run_after=get_date_max())).update(run_after=timezone.now())
        if not waiting.exists():
            break
        call_command(
            "db_worker", queue_name="*", batch=True, interval=0, startup_delay=False, reload=False, verbosity=0
        )
    else:
        raise SystemExit(f"Tasks are still queued after {MOST_ROUNDS} rounds.")
    if failed := DBTaskResult.objects.failed().first():
        raise SystemExit(f"A task failed: {failed.task_path} {failed.traceback}")
