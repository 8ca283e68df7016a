"""Measure the POST of an expense through the deterministic chain, against a bare ModelSerializer view.

    python -m benchmarks.posting

Both are called as WSGI applications in one process, with knox in front: server time, no network. Bound: 1.5 times.
"""

import sys
import types
from itertools import count

from benchmarks.instance import caller, fresh_instance, medians

BOUND = 1.5


def install_anchor():
    """Add a bare view of the same table beside the product's addresses."""
    from django.conf import settings
    from django.urls import include, path
    from rest_framework import generics, serializers

    from expenses.models import Transaction

    class BareSerializer(serializers.ModelSerializer):
        amount = serializers.DecimalField(max_digits=13, decimal_places=4)

        class Meta:
            model = Transaction
            fields = [
                "id", "kind", "direction", "amount", "currency", "date", "raw_description", "description", "merchant",
                "account", "category", "payment_method", "notes", "external_id", "created_at", "updated_at",
            ]  # fmt: skip

    class BareView(generics.CreateAPIView):
        serializer_class = BareSerializer
        queryset = Transaction.objects.all()

        def perform_create(self, serializer):
            serializer.save(ledger_id=1, version=1)

    urls = types.ModuleType("benchmarks.anchored_urls")
    urls.urlpatterns = [path("", include("config.urls")), path("bare/", BareView.as_view())]
    sys.modules[urls.__name__] = urls
    settings.ROOT_URLCONF = urls.__name__


def seed(user, *, account="Checking"):
    """Create an account and 50 rules."""
    from expenses.categorization.catalog import Catalog
    from expenses.services.accounts import open_account
    from rules.services.rules import create_rule

    opened = open_account(by=user, fields={"name": account, "currency": "EUR", "country": "DE"})
    groceries = Catalog.load_for(user).find("Groceries")
    for n in range(50):
        condition = {"field": "raw_description", "op": "contains_any", "value": [f"word{n}", f"other{n}"]}
        action = {"type": "set_category", "value": groceries.pk}
        fields = {"name": f"Rule {n}", "triggers": ["create"], "conditions": [condition], "actions": [action]}
        create_rule(by=user, fields=fields)
    return opened, groceries


def main():
    with fresh_instance():
        from django.core.wsgi import get_wsgi_application

        from accounts.services.users import register_user

        install_anchor()
        signed_in = register_user(username="ana", email="ana@example.org", password="not-a-secret-1")
        account, groceries = seed(signed_in.user)
        application, numbers = get_wsgi_application(), count()
        common = {"amount": "12.34", "currency": "EUR", "date": "2026-11-02"}
        bare = {**common, "kind": "expense", "direction": "out", "account": account.pk, "category": groceries.pk}
        post = caller(application, "/api/v1/expenses/", signed_in.token, body=lambda: {
            **common, "description": f"CAFE LUNA {next(numbers)} BERLIN", "account": account.pk, "category": "Dining",
        })  # fmt: skip
        for _ in range(200):
            post()

        def product(text):
            return caller(application, "/api/v1/expenses/", signed_in.token, body=lambda: {
                **common, "description": text.format(next(numbers)), "account": account.pk,
            })  # fmt: skip

        actions = {
            "bare ModelSerializer view": caller(
                application,
                "/bare/",
                signed_in.token,
                body=lambda: {
                    **bare,
                    "description": (text := f"REWE SAGT DANKE {next(numbers)}"),
                    "raw_description": text,
                },
            ),  # fmt: skip
            "decided by a rule": product("PAYMENT word30 {}"),
            "decided by history": product("CAFE LUNA {} BERLIN"),
            "decided by merchants": product("REWE SAGT DANKE {}"),
            "decided by nobody": product("ZQXV KRMPL {}"),
        }
        found = medians(actions, rounds=45, n=8)
    anchor = found["bare ModelSerializer view"]
    for name, ms in found.items():
        print(f"{name:28s} {ms:7.2f} ms CPU   {ms / anchor:5.2f} x")
    worst = max(found.values()) / anchor
    print(f"\nworst {worst:.2f} x, bound {BOUND} x: {'kept' if worst <= BOUND else 'BROKEN'}")
    return worst > BOUND


if __name__ == "__main__":
    sys.exit(main())
