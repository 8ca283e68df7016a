"""URLs of rules and of the review queue."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from rules.views.exchange import RuleExchangeViewSet
from rules.views.linting import LintView
from rules.views.proposals import ProposalViewSet, ProposeRuleViewSet
from rules.views.review import ReviewViewSet
from rules.views.rules import RuleViewSet

router = SimpleRouter(use_regex_path=False)
router.register("rules/proposals", ProposalViewSet, basename="proposal")
router.register("rules", RuleViewSet, basename="rule")
router.register("review", ReviewViewSet, basename="review")
router.register("rules", RuleExchangeViewSet, basename="rule-exchange")
urlpatterns = [
    path("transactions/<int:pk>/propose-rule/", ProposeRuleViewSet.as_view({"post": "propose"}), name="propose-rule"),
    path("rules/lint/", LintView.as_view({"get": "lint"}), name="rules-lint"),
    *router.urls,
]
