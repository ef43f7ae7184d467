"""Logs that tell why a machine was down are found by an index of their own."""

COUNTED = "downtime_reasons <> '' AND voided_at IS NULL AND status <> 'CANCELLED'"


def up(migrator, db):
    db.execute_sql(
        f'CREATE INDEX "equipment_log_with_reasons" ON "equipment_log" ("site_id", "date") WHERE {COUNTED}'
    )


def down(migrator, db):
    db.execute_sql('DROP INDEX "equipment_log_with_reasons"')
