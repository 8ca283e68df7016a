"""Addresses of rules, and of what somebody should look at."""

from rest_framework.routers import SimpleRouter

from rules.views.exchange import RuleExchangeViewSet
from rules.views.review import ReviewViewSet
from rules.views.rules import RuleViewSet

router = SimpleRouter(use_regex_path=False)
router.register("rules", RuleViewSet, basename="rule")
router.register("review", ReviewViewSet, basename="review")
router.register("rules", RuleExchangeViewSet, basename="rule-exchange")
urlpatterns = router.urls
