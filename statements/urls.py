"""Addresses of imports."""

from rest_framework.routers import SimpleRouter

from statements.views import ImportViewSet, ProfileViewSet

router = SimpleRouter(use_regex_path=False)
router.register("imports", ImportViewSet, basename="import")
router.register("import-profiles", ProfileViewSet, basename="import-profile")
urlpatterns = router.urls
