"""Addresses of rules."""

from rest_framework.routers import SimpleRouter

from rules.views.rules import RuleViewSet

router = SimpleRouter(use_regex_path=False)
router.register("rules", RuleViewSet, basename="rule")
urlpatterns = router.urls
