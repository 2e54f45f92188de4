-- The tables of fastapi_server.py.
CREATE TABLE call (
    id bigserial PRIMARY KEY, uuid text NOT NULL UNIQUE, conversation_uuid text NOT NULL, direction text NOT NULL,
    from_number text NOT NULL, to_number text NOT NULL, status text NOT NULL, duration integer, price numeric,
    started_at timestamptz, ended_at timestamptz, updated_at timestamptz NOT NULL
);
CREATE TABLE call_event (
    id bigserial PRIMARY KEY, call_id bigint NOT NULL REFERENCES call, status text NOT NULL, timestamp text NOT NULL,
    payload jsonb NOT NULL, received_at timestamptz NOT NULL DEFAULT now(), UNIQUE (call_id, status, timestamp)
);
CREATE INDEX ON call_event (received_at);
