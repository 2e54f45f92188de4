"""FastAPI and asyncpg, written well: no ORM, a pool, prepared statements, JSON parsed once, answers from a dict.

Of an event it keeps the payload and the last status of its call: less than ours reads out of it.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
from fastapi import FastAPI, Request, Response

from tests.benchmarks.signature import is_signed

SECRET = os.environ["VONAGE_SIGNATURE_SECRET"]
ANSWERS = {"442079460000": [{"action": "talk", "text": "Thanks for calling.", "language": "en-AU", "style": 3}]}
UNKNOWN = [{"action": "talk", "text": "This number is not in service."}]

UPSERT_CALL = """
INSERT INTO call (uuid, conversation_uuid, direction, from_number, to_number, status, duration, price, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7::text::integer, $8::text::numeric, now())
ON CONFLICT (uuid) DO UPDATE SET status = excluded.status, duration = coalesce(excluded.duration, call.duration),
    price = coalesce(excluded.price, call.price), updated_at = now()
RETURNING id
"""
INSERT_EVENT = """
INSERT INTO call_event (call_id, status, timestamp, payload) VALUES ($1, $2, $3, $4::jsonb) ON CONFLICT DO NOTHING
"""
# The same in one statement, and so in one round trip.
BOTH = """
WITH upserted AS (%s)
INSERT INTO call_event (call_id, status, timestamp, payload)
SELECT id, $6, $9, $10::jsonb FROM upserted ON CONFLICT DO NOTHING
""".replace("%s", UPSERT_CALL)
IN_ONE_STATEMENT = os.environ.get("IN_ONE_STATEMENT") == "1"


@asynccontextmanager
async def with_pool(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=8, max_size=8) as app.state.pool:
        yield


async def event(request: Request) -> Response:
    body = await request.body()
    if not is_signed(request.headers.get("authorization", ""), body, SECRET):
        return Response(status_code=401)
    payload = orjson.loads(body)
    text = body.decode()
    call: tuple[Any, ...] = (
        payload["uuid"],
        payload["conversation_uuid"],
        payload["direction"],
        payload["from"],
        payload["to"],
        payload["status"],
        payload.get("duration"),
        payload.get("price"),
    )
    async with app.state.pool.acquire() as connection:
        if IN_ONE_STATEMENT:
            await connection.execute(BOTH, *call, payload["timestamp"], text)
        else:
            async with connection.transaction():
                pk = await connection.fetchval(UPSERT_CALL, *call)
                await connection.execute(INSERT_EVENT, pk, payload["status"], payload["timestamp"], text)
    return Response()


async def answer(request: Request) -> Response:
    if not is_signed(request.headers.get("authorization", ""), b"", SECRET):
        return Response(status_code=401)
    ncco = ANSWERS.get(request.query_params.get("to", ""), UNKNOWN)
    return Response(orjson.dumps(ncco), media_type="application/json")


app = FastAPI(lifespan=with_pool)
app.add_api_route("/event", event, methods=["POST"])
app.add_api_route("/answer", answer, methods=["GET"])
