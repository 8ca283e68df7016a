"""The WSGI callable that the web server loads."""

import os

from django.core.wsgi import get_wsgi_application

from config.processes.preload import preload

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
preload()
