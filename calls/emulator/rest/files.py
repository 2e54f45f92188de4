"""`/v1/files`: recordings and transcriptions, for the application that made them."""

from contextlib import suppress

from aiohttp import web

from calls.emulator.recordings import SDK_FILES
from calls.emulator.rest.problems import Problem
from calls.emulator.rest.requests import PLATFORM, sender_of


def routes() -> list[web.RouteDef]:
    return [web.get("/v1/files/{id}", fetch), web.get(SDK_FILES + "{id}", fetch)]


async def fetch(request: web.Request) -> web.StreamResponse:
    """Give the bytes. Another application's token is as good as none; after 30 days the file is gone."""
    file = request.app[PLATFORM].recordings.file(request.match_info["id"])
    if file is None:
        raise Problem(404, "No such file; recordings are kept for 30 days.")
    if file.application.application_id != sender_of(request).application_id:
        raise Problem(401, "The recording is another application's.")
    response = web.StreamResponse(headers={"Content-Type": file.content_type, "Content-Length": str(file.size)})
    await response.prepare(request)
    with suppress(ConnectionError):  # who asked has gone away
        for chunk in file.chunks():
            await response.write(chunk)
        await response.write_eof()
    return response
