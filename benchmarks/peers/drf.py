"""The records of production through Django REST framework: a ModelViewSet with pages, filters, tokens and throttling.

Run as a program it makes its own tables in the book and prints a token; to a WSGI server it is the application.
The filters, keys and nested rows are those of DeskOps' own answer.
"""

import os

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["BOOK"],
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=wal; PRAGMA synchronous=normal; PRAGMA cache_size=-32000;",
            },
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "rest_framework",
        "rest_framework.authtoken",
    ],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
        "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
        # By the second: it keeps every moment of its window in the cache, and a minute of them would slow it down.
        "DEFAULT_THROTTLE_RATES": {"user": "100000/second"},
    },
    ROOT_URLCONF=__name__,
    SECRET_KEY="a key of benchmarks only",
    TIME_ZONE="UTC",
    USE_TZ=False,
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402 - models need the settings
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models  # noqa: E402
from rest_framework import pagination, routers, serializers, viewsets  # noqa: E402
from rest_framework.authtoken.models import Token  # noqa: E402


class Site(models.Model):
    id = models.CharField(primary_key=True, max_length=36)
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=100)

    class Meta:
        app_label, managed, db_table = "book", False, "site"


class Material(models.Model):
    id = models.CharField(primary_key=True, max_length=36)
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=100)
    category = models.CharField(max_length=20)
    uom = models.CharField(max_length=10)
    material_type = models.CharField(max_length=20)

    class Meta:
        app_label, managed, db_table = "book", False, "material"


class Production(models.Model):
    id = models.CharField(primary_key=True, max_length=36)
    site = models.ForeignKey(Site, models.PROTECT)
    date = models.DateField()
    status = models.CharField(max_length=10, default="ACTIVE")
    notes = models.CharField(max_length=500, null=True)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=36)
    updated_at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True)
    void_reason = models.CharField(max_length=500, null=True)
    salt = models.CharField(max_length=16)
    shift = models.CharField(max_length=10, default="")
    material = models.ForeignKey(Material, models.PROTECT)
    quantity = models.BigIntegerField()
    loads = models.IntegerField(null=True)
    operation = models.CharField(max_length=10, default="CRU-PRO")

    class Meta:
        app_label, managed, db_table = "book", False, "production"
        ordering = ("-date", "-created_at", "-id")


class SiteCard(serializers.ModelSerializer):
    class Meta:
        model, fields = Site, ("code", "name")


class MaterialCard(serializers.ModelSerializer):
    class Meta:
        model, fields = Material, ("code", "name", "category", "uom")


class ProductionSerializer(serializers.ModelSerializer):
    site_id = serializers.CharField()
    material_id = serializers.CharField()
    site_code = serializers.CharField(source="site.code", read_only=True)
    material_type = serializers.CharField(source="material.material_type", read_only=True)
    site = SiteCard(read_only=True)
    material = MaterialCard(read_only=True)

    class Meta:
        model = Production
        fields = (
            *(
                "id",
                "date",
                "site_id",
                "site",
                "site_code",
                "shift",
                "material_id",
                "material",
                "material_type",
            ),
            *("quantity", "loads", "operation", "status", "notes", "version", "created_at", "created_by"),
            *("updated_at", "voided_at", "void_reason", "salt"),
        )


class Pages(pagination.PageNumberPagination):
    page_size = 25


class ProductionViewSet(viewsets.ModelViewSet):
    serializer_class = ProductionSerializer
    pagination_class = Pages

    def get_queryset(self):  # type: ignore[no-untyped-def]
        live = Production.objects.select_related("site", "material").filter(voided_at__isnull=True)
        asked = self.request.query_params
        named = {"site_id": "siteId", "date__gte": "startDate", "date__lte": "endDate"}
        return live.filter(**{column: asked[name] for column, name in named.items() if name in asked})


router = routers.SimpleRouter(trailing_slash=False)
router.register("production", ProductionViewSet, basename="production")
urlpatterns = router.urls

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    person, _ = User.objects.get_or_create(username="bench")
    print(Token.objects.get_or_create(user=person)[0].key)
else:
    application = get_wsgi_application()
