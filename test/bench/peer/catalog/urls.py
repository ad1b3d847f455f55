"""`/api/courses/` from the cache for 15 minutes, `/uncached/courses/` from the database."""

import django_filters
from catalog.models import Category, Course, Role, Tag
from django.db.models import Prefetch
from django.urls import path
from django.views.decorators.cache import cache_page
from rest_framework import filters, generics, pagination, serializers
from django_filters.rest_framework import DjangoFilterBackend


class CategorySerializer(serializers.ModelSerializer):
    class Meta:
        model = Category
        fields = ["id", "name", "slug"]


class TagSerializer(serializers.ModelSerializer):
    class Meta:
        model = Tag
        fields = ["id", "name", "slug"]


class CourseSerializer(serializers.ModelSerializer):
    category = CategorySerializer()
    tags = TagSerializer(many=True)
    teacher = serializers.SerializerMethodField()
    thumbnail_url = serializers.CharField(source="thumbnail")

    class Meta:
        model = Course
        fields = [
            "id", "slug", "title", "short_description", "type", "difficulty", "language", "price", "currency", "category",
            "tags", "teacher", "thumbnail_url", "average_rating", "reviews_count", "students_count", "total_lessons",
            "duration_hours", "duration_minutes", "status", "published_at", "created_at",
        ]  # fmt: skip

    def get_teacher(self, course):
        for role in course.teachers:
            profile = role.user.profile
            return {
                "id": role.user_id,
                "display_name": profile.display_name,
                "custom_url": profile.custom_url,
                "avatar": profile.avatar,
            }


class InFilter(django_filters.BaseInFilter, django_filters.CharFilter):
    pass


class CourseFilter(django_filters.FilterSet):
    price_min = django_filters.NumberFilter(field_name="price", lookup_expr="gte")
    price_max = django_filters.NumberFilter(field_name="price", lookup_expr="lte")
    average_rating_min = django_filters.NumberFilter(field_name="average_rating", lookup_expr="gte")
    average_rating_max = django_filters.NumberFilter(field_name="average_rating", lookup_expr="lte")
    duration_hours_min = django_filters.NumberFilter(field_name="duration_hours", lookup_expr="gte")
    duration_hours_max = django_filters.NumberFilter(field_name="duration_hours", lookup_expr="lte")
    language__in = InFilter(field_name="language", lookup_expr="in")

    class Meta:
        model = Course
        fields = ["price", "language", "difficulty", "category", "type"]


class Pages(pagination.PageNumberPagination):
    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100


class CourseList(generics.ListAPIView):
    serializer_class = CourseSerializer
    pagination_class = Pages
    filter_backends = [DjangoFilterBackend, filters.SearchFilter, filters.OrderingFilter]
    filterset_class = CourseFilter
    search_fields = ["title", "description", "roles__user__first_name", "roles__user__last_name"]
    ordering_fields = ["price", "created_at", "average_rating", "students_count", "duration_hours"]
    ordering = ["-created_at"]

    def get_queryset(self):
        teachers = Role.objects.filter(role="teacher").select_related("user__profile").order_by("-is_primary", "id")
        return (
            Course.objects.filter(status="published")
            .select_related("category")
            .defer("description", "requirements", "target_audience")
            .prefetch_related("tags", Prefetch("roles", queryset=teachers, to_attr="teachers"))
        )


urlpatterns = [
    path("api/courses/", cache_page(900)(CourseList.as_view())),
    path("uncached/courses/", CourseList.as_view()),
]
