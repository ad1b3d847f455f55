from django.db import models


class Person(models.Model):
    first_name = models.TextField()
    last_name = models.TextField()

    class Meta:
        managed = False
        db_table = "users"


class Profile(models.Model):
    user = models.OneToOneField(Person, models.DO_NOTHING)
    display_name = models.TextField()
    custom_url = models.TextField(null=True)
    avatar = models.TextField(null=True)

    class Meta:
        managed = False
        db_table = "profile"


class Category(models.Model):
    name = models.TextField()
    slug = models.TextField()

    class Meta:
        managed = False
        db_table = "category"


class Tag(models.Model):
    name = models.TextField()
    slug = models.TextField()

    class Meta:
        managed = False
        db_table = "tag"


class Course(models.Model):
    slug = models.TextField()
    title = models.TextField()
    description = models.TextField()
    short_description = models.TextField()
    requirements = models.TextField()
    target_audience = models.TextField()
    type = models.TextField()
    difficulty = models.TextField()
    language = models.TextField()
    price = models.DecimalField(max_digits=10, decimal_places=2)
    currency = models.TextField()
    category = models.ForeignKey(Category, models.DO_NOTHING, null=True)
    tags = models.ManyToManyField(Tag, through="CourseTag")
    thumbnail = models.TextField(null=True)
    average_rating = models.DecimalField(max_digits=3, decimal_places=2)
    reviews_count = models.IntegerField()
    students_count = models.IntegerField()
    total_lessons = models.IntegerField()
    duration_hours = models.IntegerField()
    duration_minutes = models.IntegerField()
    status = models.TextField()
    published_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "course"


class CourseTag(models.Model):
    course = models.ForeignKey(Course, models.DO_NOTHING, primary_key=True)
    tag = models.ForeignKey(Tag, models.DO_NOTHING)

    class Meta:
        managed = False
        db_table = "course_tags"


class Role(models.Model):
    course = models.ForeignKey(Course, models.DO_NOTHING, related_name="roles")
    user = models.ForeignKey(Person, models.DO_NOTHING)
    role = models.TextField()
    is_primary = models.BooleanField()

    class Meta:
        managed = False
        db_table = "course_user_role"
