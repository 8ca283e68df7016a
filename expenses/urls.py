"""Addresses of the ledger."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from expenses import views
from expenses.categorization_views import ChainView, SuggestView

router = SimpleRouter(use_regex_path=False)
router.register("accounts", views.AccountViewSet, basename="account")
router.register("categories", views.CategoryViewSet, basename="category")
router.register("transactions", views.AllTransactionsViewSet, basename="transaction")
router.register("expenses", views.ExpenseViewSet, basename="expense")
router.register("incomes", views.IncomeViewSet, basename="income")
router.register("runs", views.RunViewSet, basename="run")
urlpatterns = [
    path("categorization/suggest/", SuggestView.as_view(), name="suggest"),
    path("categorization/chain/", ChainView.as_view(), name="chain"),
    *router.urls,
]
