"""Migrations of schema ``control``, applied by `rddm.store.database.Database.migrate`."""
