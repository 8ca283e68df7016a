"""Pairs of transactions that may be one movement, and traces of statement rows that a transaction stands for."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('expenses', '0034_numbers_of_accounts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Duplicate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('open', 'Open'), ('merged', 'Merged'), ('dismissed', 'Dismissed')], default='open', max_length=9)),
                ('reasons', models.JSONField(default=list)),
                ('likeness', models.FloatField()),
                ('moved', models.JSONField(default=dict)),
                ('version', models.BigIntegerField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='StatementTrace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fingerprint', models.CharField(max_length=32)),
                ('date', models.DateField()),
                ('kind', models.CharField(choices=[('pending', 'Pending'), ('booked', 'Booked'), ('merged', 'Merged')], max_length=7)),
            ],
        ),
        migrations.AddIndex(
            model_name='transaction',
            index=models.Index(condition=models.Q(('account__isnull', True), ('deleted_at__isnull', True), ('parent__isnull', True)), fields=['ledger', 'amount', 'date'], name='transaction_unplaced'),
        ),
        migrations.AddField(
            model_name='duplicate',
            name='kept',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='expenses.transaction'),
        ),
        migrations.AddField(
            model_name='duplicate',
            name='ledger',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='duplicates', to='expenses.ledger'),
        ),
        migrations.AddField(
            model_name='duplicate',
            name='newer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='expenses.transaction'),
        ),
        migrations.AddField(
            model_name='duplicate',
            name='older',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='expenses.transaction'),
        ),
        migrations.AddField(
            model_name='duplicate',
            name='run',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='expenses.run'),
        ),
        migrations.AddField(
            model_name='statementtrace',
            name='account',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='expenses.account'),
        ),
        migrations.AddField(
            model_name='statementtrace',
            name='ledger',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='expenses.ledger'),
        ),
        migrations.AddField(
            model_name='statementtrace',
            name='origin',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='expenses.run'),
        ),
        migrations.AddField(
            model_name='statementtrace',
            name='run',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='expenses.run'),
        ),
        migrations.AddField(
            model_name='statementtrace',
            name='transaction',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='traces', to='expenses.transaction'),
        ),
        migrations.AddIndex(
            model_name='duplicate',
            index=models.Index(fields=['ledger', 'status'], name='duplicate_status'),
        ),
        migrations.AddConstraint(
            model_name='duplicate',
            constraint=models.UniqueConstraint(fields=('older', 'newer'), name='duplicate_pair_unique'),
        ),
        migrations.AddConstraint(
            model_name='duplicate',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'open')), fields=('older',), name='duplicate_older_once'),
        ),
        migrations.AddConstraint(
            model_name='duplicate',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'open')), fields=('newer',), name='duplicate_newer_once'),
        ),
        migrations.AddConstraint(
            model_name='duplicate',
            constraint=models.CheckConstraint(condition=models.Q(('older', models.F('newer')), _negated=True), name='duplicate_of_two_transactions'),
        ),
        migrations.AddConstraint(
            model_name='statementtrace',
            constraint=models.UniqueConstraint(fields=('account', 'fingerprint', 'kind'), name='statement_trace_unique'),
        ),
    ]
