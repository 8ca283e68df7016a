"""The WSGI callable that the web server loads."""

import os

from django.core.wsgi import get_wsgi_application

from config.warming import warm_up

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
warm_up()
