-- SQLite keeps the identities of events with the request that brought them until it is sealed; null where they are in
-- event_key already, as they are at once on PostgreSQL.
ALTER TABLE inbox ADD COLUMN keys {blob};
