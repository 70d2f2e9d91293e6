"""The configs of images in indexes, which tell (with what lies beside them) whether two images are of one content."""

from figwasp.core.contents import Contents
from figwasp.core.digest import Digest
from figwasp.core.judgement import TELL_PLATFORM
from figwasp.core.manifest import Child, Index, Manifest
from figwasp.core.reference import Reference
from figwasp.errors import FigwaspError, InvalidManifest

MOST_READ = 128
"""How many images of two indexes are read to compare one container; no index made by people has as many."""


class Configs:
    """Reads each image of one comparison once."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._read: dict[tuple[str, Digest], Manifest | FigwaspError] = {}

    def of(self, repository: Reference, image: Child) -> Manifest:
        """
        Give an image's manifest, which names its config.

        Raises:
            InvalidManifest: it is no image, or one too many.
            FigwaspError: its manifest could not be read.
        """
        where = repository.name, image.digest
        if where not in self._read:
            if len(self._read) >= MOST_READ:
                raise InvalidManifest(f"there are more than {MOST_READ} images to compare", hint=TELL_PLATFORM)
            self._read[where] = self._look_up(repository, image)
        found = self._read[where]
        if isinstance(found, FigwaspError):
            raise found.again()
        return found

    def _look_up(self, repository: Reference, image: Child) -> Manifest | FigwaspError:
        try:
            found = self._contents.manifest(repository.at(image.digest))
        except FigwaspError as error:
            return error.again()
        if isinstance(found, Index):
            return InvalidManifest(f"{image.digest.short} is an index, where an index says that it is a manifest")
        return found
