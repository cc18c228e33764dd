-- Extractors and webhooks: what was seen of them, and how the senders of webhooks sign.

-- Records of extractors by key: what came again unchanged changes nothing, what a full table lost can end.
CREATE TABLE tap_row (
    source_id {long} NOT NULL REFERENCES source(id),
    stream TEXT NOT NULL,
    key TEXT NOT NULL,
    version {long},
    digest TEXT NOT NULL,
    became {json} NOT NULL,
    gone_at {instant},
    PRIMARY KEY (source_id, stream, key)
){keyed};

CREATE TABLE webhook (
    source_id {long} PRIMARY KEY REFERENCES source(id),
    sender {json} NOT NULL,
    secrets {json} NOT NULL,
    changed_at {instant} NOT NULL
){strict};

-- Webhooks as they arrived, each message once.
CREATE TABLE delivery (
    id {identity},
    source_id {long} NOT NULL REFERENCES source(id),
    external_id TEXT NOT NULL,
    topic TEXT NOT NULL,
    headers {json} NOT NULL,
    body {blob} NOT NULL,
    received_at {instant} NOT NULL,
    status TEXT NOT NULL,
    note TEXT,
    UNIQUE (source_id, external_id)
){strict};
CREATE INDEX delivery_waiting ON delivery(id) WHERE status = 'waiting';

-- What was said about people whose account nobody has named yet.
CREATE TABLE introduction (
    source_id {long} NOT NULL REFERENCES source(id),
    external_id TEXT NOT NULL,
    body TEXT NOT NULL,
    received_at {instant} NOT NULL,
    PRIMARY KEY (source_id, external_id)
){keyed};
