"""Measure lists, details and creates in a ledger of 100,000 rows, against bare DRF views of the same rows.

    python -m benchmarks.reading [--crowd]

All are called as WSGI applications in one process, in turn: server time, no network. With --crowd everything is
measured again after other users have recorded a million rows.
"""

import sys
import types

from benchmarks.instance import caller, fresh_instance, medians
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

    class BareSuggestion(serializers.Serializer):
        category = serializers.IntegerField(source="suggested_category_id")

    class BareCategorization(serializers.Serializer):
        status = serializers.CharField(source="review_status")
        source = serializers.CharField(source="category_source")
        confidence = serializers.FloatField(source="category_confidence")
        explanation = serializers.CharField(source="decision.explanation", default="You chose this category.")
        suggestion = BareSuggestion(source="suggested_category", allow_null=True)

    class BareRowSerializer(serializers.ModelSerializer):
        amount = serializers.DecimalField(max_digits=13, decimal_places=2)
        account_name = serializers.CharField(source="account.name", read_only=True)
        category_name = serializers.CharField(source="category.name", read_only=True)
        tags = serializers.SlugRelatedField(slug_field="name", many=True, read_only=True)
        categorization = BareCategorization(source="*", read_only=True)
        version = serializers.IntegerField(read_only=True)

        class Meta:
            model = Transaction
            fields = [
                "id", "kind", "direction", "amount", "currency", "date", "raw_description", "description", "merchant",
                "account", "account_name", "category", "category_name", "tags", "payment_method", "notes",
                "external_id", "parent", "is_split", "version", "categorization", "created_at", "updated_at",
                "deleted_at",
            ]  # fmt: skip

    class BareMixin:
        authentication_classes = [TokenAuthentication]
        serializer_class = BareRowSerializer

        def get_queryset(self):
            rows = Transaction.everything.filter(ledger_id=1)
            related = "account", "category", "suggested_category", "decision"
            return rows.order_by("-date", "-id").select_related(*related).prefetch_related("tags")

    class BarePages(pagination.PageNumberPagination):
        page_size = PAGE

    class BareList(BareMixin, generics.ListCreateAPIView):
        pagination_class = BarePages
        filter_backends = []

        def perform_create(self, serializer):
            serializer.save(ledger_id=1, version=1)

    class BareDetail(BareMixin, generics.RetrieveAPIView):
        pass

    class Empty(views.APIView):
        authentication_classes = []
        permission_classes = [permissions.AllowAny]

        def get(self, request):
            return response.Response({})

    class EmptyWithKnox(Empty):
        authentication_classes = BareMixin.authentication_classes
        permission_classes = [permissions.IsAuthenticated]

    class EmptyWithToken(views.APIView):
        def get(self, request):
            return response.Response({})

    assert Decision
    urls = types.ModuleType("benchmarks.anchored_urls")
    urls.urlpatterns = [
        path("", include("config.urls")),
        path("bare/", BareList.as_view()),
        path("bare/<int:pk>/", BareDetail.as_view()),
        path("open/", Empty.as_view()),
        path("knox/", EmptyWithKnox.as_view()),
        path("ours/", EmptyWithToken.as_view()),
    ]
    sys.modules[urls.__name__] = urls
    settings.ROOT_URLCONF = urls.__name__


def deep_cursor(user):
    """Return the cursor of page 2,000 without reading 1,999 pages: the place of the row before."""
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
        actions["bare create"] = caller(application, "/bare/", token, body=lambda: whole)
        actions["create"] = caller(application, "/api/v1/expenses/", token, body=lambda: expense)
        alone = medians(actions, rounds=15, n=10)
        report(alone)
        if "--crowd" in sys.argv:
            crowd(register_user)
            report_crowd(alone, medians(actions, rounds=15, n=10))


def crowd(register_user):
    """Insert a million rows of another user."""
    from expenses.models.ledgers import ledger_id_of
    from expenses.services.accounts import open_account

    user = register_user(username="ben", email="ben@example.org", password="not-a-secret-1").user
    fill(ledger_id_of(user), open_account(by=user, fields={"name": "Checking", "currency": "EUR"}), n=1_000_000)


def report_crowd(alone, among):
    """Print the figures beside a million rows of other users."""
    print("\nBeside a million rows of other users (bound 1.3):")
    for name, ms in among.items():
        print(f"{name:24} {ms:8.2f} ms CPU {ms / alone[name]:6.2f} x")


def report(taken):
    """Print figures and ratios."""
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
