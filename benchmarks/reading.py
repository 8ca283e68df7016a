"""Lists, details and creates in a ledger of 100,000 rows, against a bare DRF view of the same fields and rows.

    python -m benchmarks.reading [--crowd]

All are called as WSGI applications in one process, in turn: server time, no network. With --crowd once more after
other people have recorded a million rows.
"""

import io
import json
import sys
import types

from benchmarks.instance import fresh_instance, medians
from benchmarks.rows import fill

N = 100_000
PAGE = 50


def install_anchor():
    """Add bare views beside the product's addresses: knox, ModelSerializer, numbered pages with a count."""
    from django.conf import settings
    from django.urls import include, path
    from knox.auth import TokenAuthentication
    from rest_framework import generics, pagination, permissions, response, serializers, views

    from expenses.models import Decision, Transaction

    class Suggestion(serializers.Serializer):
        category = serializers.IntegerField(source="suggested_category_id")

    class Categorization(serializers.Serializer):
        status = serializers.CharField(source="review_status")
        source = serializers.CharField(source="category_source")
        confidence = serializers.FloatField(source="category_confidence")
        explanation = serializers.CharField(source="decision.explanation", default="You chose this category.")
        suggestion = Suggestion(source="suggested_category", allow_null=True)

    class Bare(serializers.ModelSerializer):
        amount = serializers.DecimalField(max_digits=13, decimal_places=2)
        account_name = serializers.CharField(source="account.name", read_only=True)
        category_name = serializers.CharField(source="category.name", read_only=True)
        tags = serializers.SlugRelatedField(slug_field="name", many=True, read_only=True)
        categorization = Categorization(source="*", read_only=True)
        version = serializers.IntegerField(read_only=True)

        class Meta:
            model = Transaction
            fields = [
                "id", "kind", "direction", "amount", "currency", "date", "raw_description", "description", "merchant",
                "account", "account_name", "category", "category_name", "tags", "payment_method", "notes",
                "external_id", "parent", "is_split", "version", "categorization", "created_at", "updated_at",
                "deleted_at",
            ]  # fmt: skip

    class Mixin:
        authentication_classes = [TokenAuthentication]
        serializer_class = Bare

        def get_queryset(self):
            rows = Transaction.everything.filter(ledger_id=1)
            related = "account", "category", "suggested_category", "decision"
            return rows.order_by("-date", "-id").select_related(*related).prefetch_related("tags")

    class Numbered(pagination.PageNumberPagination):
        page_size = PAGE

    class BareList(Mixin, generics.ListCreateAPIView):
        pagination_class = Numbered
        filter_backends = []

        def perform_create(self, serializer):
            serializer.save(ledger_id=1, version=1)

    class BareDetail(Mixin, generics.RetrieveAPIView):
        pass

    class Empty(views.APIView):
        authentication_classes = []
        permission_classes = [permissions.AllowAny]

        def get(self, request):
            return response.Response({})

    class Guarded(Empty):
        authentication_classes = Mixin.authentication_classes
        permission_classes = [permissions.IsAuthenticated]

    class Ours(views.APIView):
        def get(self, request):
            return response.Response({})

    assert Decision
    urls = types.ModuleType("benchmarks.anchored_urls")
    urls.urlpatterns = [
        path("", include("config.urls")),
        path("bare/", BareList.as_view()),
        path("bare/<int:pk>/", BareDetail.as_view()),
        path("open/", Empty.as_view()),
        path("knox/", Guarded.as_view()),
        path("ours/", Ours.as_view()),
    ]
    sys.modules[urls.__name__] = urls
    settings.ROOT_URLCONF = urls.__name__


def caller(application, address, token="", body=None):
    """A function that makes one request, a POST where there is a body, and gives the answer's."""
    path, _, query = address.partition("?")
    data = json.dumps(body).encode() if body else b""

    def call():
        environ = {
            "REQUEST_METHOD": "POST" if body else "GET", "PATH_INFO": path, "QUERY_STRING": query,
            "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.input": io.BytesIO(data), "wsgi.url_scheme": "http", "wsgi.errors": sys.stderr,
            "HTTP_HOST": "localhost", "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(data)),
        }  # fmt: skip
        if token:
            environ["HTTP_AUTHORIZATION"] = f"Token {token}"
        seen = []
        answer = application(environ, lambda status, headers: seen.append(status))
        text = b"".join(answer)
        answer.close()
        if not seen[0].startswith("20"):
            raise SystemExit(f"{address}: {seen[0]} {text[:300]!r}")
        return text

    return call


def deep_cursor(user):
    """The cursor of page 2,000, without turning 1,999 pages: it is the place of the row before."""
    from django.core import signing

    from expenses.models import Transaction

    last = Transaction.objects.for_user(user)[1999 * PAGE - 1]
    return signing.dumps([["-date", "-id"], [last.date.isoformat(), str(last.pk)], False], salt="cursor", compress=True)


def main():
    with fresh_instance():
        from django.core.wsgi import get_wsgi_application

        from accounts.services.users import register_user
        from expenses.models import Category, Ledger, Transaction
        from expenses.models.ledgers import ledger_id_of
        from expenses.services.accounts import open_account

        install_anchor()
        signed_in = register_user(username="ana", email="ana@example.org", password="not-a-secret-1")
        token, user = signed_in.token, signed_in.user
        account = open_account(by=user, fields={"name": "Checking", "currency": "EUR"})
        fill(ledger_id_of(user), account, n=N)
        application = get_wsgi_application()
        some = Transaction.objects.for_user(user)[N // 2].pk
        prefix = "/api/v1/transactions/"
        newest = Ledger.objects.get(founder=user).version
        addresses = {
            "bare list": "/bare/", "list": prefix, "list by cursor": f"{prefix}?cursor=",
            "page 2,000 by cursor": f"{prefix}?cursor={deep_cursor(user)}", "page of 500": f"{prefix}?page_size=500",
            "bare detail": f"/bare/{some}/", "detail": f"{prefix}{some}/",
            "changes, the last thousand": f"/api/v1/changes/?since={newest - 2}&limit=1000",
            "empty with knox": "/knox/", "empty with a token": "/ours/",
        }  # fmt: skip
        actions = {name: caller(application, address, token) for name, address in addresses.items()}
        actions["empty, open"] = caller(application, "/open/")
        expense = {"amount": "12.34", "currency": "EUR", "date": "2026-11-02", "account": account.pk}
        expense |= {"category": Category.objects.get(key="dining").pk, "description": "CAFE LUNA BERLIN"}
        whole = expense | {"kind": "expense", "direction": "out", "raw_description": expense["description"]}
        # Creates come last: each raises the ledger's version, and the next list counts anew.
        actions["bare create"] = caller(application, "/bare/", token, whole)
        actions["create"] = caller(application, "/api/v1/expenses/", token, expense)
        alone = medians(actions, rounds=15, n=10)
        report(alone)
        if "--crowd" in sys.argv:
            crowd(register_user)
            report_crowd(alone, medians(actions, rounds=15, n=10))


def crowd(register_user):
    """A million rows of somebody else."""
    from expenses.models.ledgers import ledger_id_of
    from expenses.services.accounts import open_account

    user = register_user(username="ben", email="ben@example.org", password="not-a-secret-1").user
    fill(ledger_id_of(user), open_account(by=user, fields={"name": "Checking", "currency": "EUR"}), n=1_000_000)


def report_crowd(alone, among):
    """Figures beside a million rows of other people."""
    print("\nBeside a million rows of other people (bound 1.3):")
    for name, ms in among.items():
        print(f"{name:24} {ms:8.2f} ms CPU {ms / alone[name]:6.2f} x")


def report(taken):
    """Figures and ratios."""
    for name, ms in taken.items():
        print(f"{name:24} {ms:8.2f} ms CPU")
    for name, anchor, bound in (
        ("list", "bare list", 1.5),
        ("list by cursor", "bare list", 0.6),
        ("page 2,000 by cursor", "list by cursor", 1.2),
        ("detail", "bare detail", 2.0),
        ("create", "bare create", 2.0),
        ("empty with a token", "empty, open", 2.0),
    ):
        print(f"{name} / {anchor}: {taken[name] / taken[anchor]:.2f} (bound {bound})")


if __name__ == "__main__":
    main()
