"""The schema: tables, migrations, and the rights of each service's database role."""
