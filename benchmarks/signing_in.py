"""Measure a request to an empty view with a token, against the same request without one.

    python -m benchmarks.signing_in

Both are called as WSGI applications in one process, with all middleware: server time, no network. Bound: 2 times.
"""

import sys
import types

from benchmarks.instance import caller, fresh_instance, medians

BOUND = 2.0


def install_views():
    """Install two views, of which one needs a token."""
    from django.conf import settings
    from django.urls import path
    from rest_framework.permissions import AllowAny
    from rest_framework.response import Response
    from rest_framework.views import APIView

    class ClosedView(APIView):
        def get(self, request):
            return Response({})

    class OpenView(ClosedView):
        authentication_classes = ()
        permission_classes = (AllowAny,)

    urls = types.ModuleType("benchmarks.signing_in_urls")
    urls.urlpatterns = [path("api/v1/open/", OpenView.as_view()), path("api/v1/closed/", ClosedView.as_view())]
    sys.modules[urls.__name__] = urls
    settings.ROOT_URLCONF = urls.__name__


def main():
    with fresh_instance():
        from django.core.wsgi import get_wsgi_application

        from accounts.services.users import register_user

        install_views()
        token = register_user(username="ana", email="ana@example.org", password="not-a-secret-1").token
        application = get_wsgi_application()
        actions = {
            "open": caller(application, "/api/v1/open/"),
            "with a token": caller(application, "/api/v1/closed/", token),
        }
        taken = medians(actions, rounds=41, n=100)
    ratio = taken["with a token"] / taken["open"]
    for name, ms in taken.items():
        print(f"{name:14} {ms:7.3f} ms CPU")
    print(f"{ratio:.2f} x, bound {BOUND} x")
    return ratio > BOUND


if __name__ == "__main__":
    sys.exit(main())
