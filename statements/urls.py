"""Addresses of imports and exports."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from statements.export import views as exports
from statements.views import ImportViewSet, ProfileViewSet

router = SimpleRouter(use_regex_path=False)
router.register("imports", ImportViewSet, basename="import")
router.register("import-profiles", ProfileViewSet, basename="import-profile")
urlpatterns = [
    *router.urls,
    path("export/expenses.csv", exports.ExpensesCsvView.as_view({"get": "download"}), name="export-expenses-csv"),
    path("export/transactions.csv", exports.CsvView.as_view({"get": "download"}), name="export-csv"),
    path("export/transactions.jsonl", exports.JsonLinesView.as_view({"get": "download"}), name="export-jsonl"),
    path("export/transactions.xlsx", exports.WorkbookView.as_view({"get": "download"}), name="export-xlsx"),
    path("export/transactions.ofx", exports.OfxView.as_view({"get": "download"}), name="export-ofx"),
    path("export/transactions.ledger", exports.JournalView.as_view({"get": "download"}), name="export-ledger"),
    path("export/transactions.beancount", exports.BeancountView.as_view({"get": "download"}), name="export-beancount"),
]
