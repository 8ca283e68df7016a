"""Paths of the ledger."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from expenses.views import (
    accounts,
    attachments,
    categories,
    duplicates,
    hints,
    runs,
    shop_kinds,
    tags,
    transactions,
    transfers,
)
from expenses.views.categorization import (
    AdoptView,
    BacktestView,
    CalibrationView,
    ChainView,
    SuggestView,
    ThresholdsView,
)
from expenses.views.changes import ChangesView
from expenses.views.model_calls import ModelCallViewSet
from expenses.views.model_queue import ModelQueueView, ModelRetryView
from expenses.views.privacy import PrivacyView
from expenses.views.rates import CurrencyViewSet, RateViewSet
from expenses.views.totals import TotalsView

router = SimpleRouter(use_regex_path=False)
router.register("accounts", accounts.AccountViewSet, basename="account")
router.register("categories", categories.CategoryViewSet, basename="category")
router.register("tags", tags.TagViewSet, basename="tag")
router.register("transactions", transactions.AllTransactionsViewSet, basename="transaction")
router.register("expenses", transactions.ExpenseViewSet, basename="expense")
router.register("incomes", transactions.IncomeViewSet, basename="income")
router.register("transfers", transfers.TransferViewSet, basename="transfer")
router.register("duplicates", duplicates.DuplicateViewSet, basename="duplicate")
router.register("runs", runs.RunViewSet, basename="run")
router.register("attachments", attachments.AttachmentViewSet, basename="attachment")
router.register(
    "transactions/<int:transaction>/attachments",
    attachments.TransactionAttachmentsViewSet,
    basename="transaction-attachment",
)
router.register("categorization/kinds", shop_kinds.ShopKindViewSet, basename="shop-kind")
router.register("categorization/hints", hints.HintViewSet, basename="hint")
router.register("currencies", CurrencyViewSet, basename="currency")
router.register("rates", RateViewSet, basename="rate")
urlpatterns = [
    path("categorization/suggest/", SuggestView.as_view(), name="suggest"),
    path("changes/", ChangesView.as_view(), name="changes"),
    path("categorization/chain/", ChainView.as_view(), name="chain"),
    path("categorization/calibration/", CalibrationView.as_view(), name="calibration"),
    path("categorization/backtest/", BacktestView.as_view(), name="backtest"),
    path("categorization/queue/", ModelQueueView.as_view({"get": "list"}), name="model-queue"),
    path("categorization/queue/retry/", ModelRetryView.as_view(), name="model-queue-retry"),
    path("categorization/thresholds/", ThresholdsView.as_view(), name="thresholds"),
    path("categorization/thresholds/adopt/", AdoptView.as_view(), name="adopt-thresholds"),
    path("privacy/", PrivacyView.as_view(), name="privacy"),
    path(
        "privacy/model-calls/", ModelCallViewSet.as_view({"get": "list", "delete": "destroy_all"}), name="model-calls"
    ),
    path("privacy/model-calls/export/", ModelCallViewSet.as_view({"get": "export"}), name="model-calls-export"),
    path(
        "privacy/model-calls/<uuid:pk>/",
        ModelCallViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
        name="model-call",
    ),
    path("transactions/totals/", TotalsView.as_view({"get": "totals"}), name="totals"),
    *router.urls,
]
