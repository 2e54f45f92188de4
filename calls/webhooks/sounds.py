"""Sound files for Vonage, which fetches them without a login: their addresses are as long as nobody guesses.

Found in the storage by name alone: a caller who is to hear one waits for no database.
"""

from functools import partial

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import re_path
from django.views.decorators.http import require_safe

from calls.control.sounds import file_response
from calls.models.sounds import FOLDER, storage_name
from calls.vonage.audio import EXTENSIONS

CONTENT_TYPES = {extension: content_type for content_type, extension in EXTENSIONS.items()}
# An address is that of these bytes for ever. Vonage may play them anywhere: they are no secret of one call.
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


@require_safe
def sound(request: HttpRequest, digest: str, extension: str) -> HttpResponseBase:
    """The sound with this digest."""
    name = storage_name(digest, extension)
    opened = partial(default_storage.open, name, "rb")
    try:
        size = default_storage.size(name)
        return file_response(request, opened, size, CONTENT_TYPES[extension], digest, FOR_EVER)
    except OSError as error:
        raise Http404("There is no such sound.") from error


urlpatterns = [re_path(rf"^{FOLDER}/(?P<digest>[0-9a-f]{{64}})\.(?P<extension>mp3|wav)$", sound, name="sound")]
