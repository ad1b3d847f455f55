"""The same list by Django REST Framework, django-filter and django-redis, from the same tables.

gunicorn "serve:application('/path/to/peer.ini')"
"""

from configparser import ConfigParser

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application


def application(ini):
    options = ConfigParser(interpolation=None)
    options.read(ini)
    peer = options["peer"]
    settings.configure(
        DEBUG=False,
        SECRET_KEY="bench",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="catalog.urls",
        INSTALLED_APPS=["rest_framework", "django_filters", "catalog"],
        MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.middleware.http.ConditionalGetMiddleware"],
        USE_TZ=True,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "HOST": peer["database_host"],
                "NAME": peer["database_name"],
                "USER": peer["database_user"],
                "CONN_MAX_AGE": None,
            }
        },
        CACHES={"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": peer["redis"]}},
        REST_FRAMEWORK={
            "UNAUTHENTICATED_USER": None,
            "DEFAULT_AUTHENTICATION_CLASSES": [],
            "DEFAULT_PERMISSION_CLASSES": [],
            "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        },
    )
    django.setup()
    return get_wsgi_application()
