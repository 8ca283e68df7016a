from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('expenses', '0016_totals_by_merchant'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='run',
            name='alive_at',
        ),
        migrations.AddField(
            model_name='run',
            name='interrupted_at',
            field=models.DateTimeField(null=True),
        ),
    ]
