"""`/v1/files`: recordings and transcriptions, for the application that made them."""

from aiohttp import web

from calls.emulator.recordings import FILES
from calls.emulator.rest.problems import Problem
from calls.emulator.rest.requests import PLATFORM, sender_of


def routes() -> list[web.RouteDef]:
    return [web.get("/v1/files/{id}", fetch), web.get(FILES + "{id}", fetch)]


async def fetch(request: web.Request) -> web.Response:
    """Give the bytes. Another application's token is as good as none; after 30 days the file is gone."""
    platform = request.app[PLATFORM]
    file = platform.files.get(request.match_info["id"])
    if file is None or file.until < platform.clock.now():
        raise Problem(404, "No such file; recordings are kept for 30 days.")
    if file.application_id != sender_of(request).application_id:
        raise Problem(401, "The recording is another application's.")
    return web.Response(body=file.data, content_type=file.content_type)
