"""The lookup: what a path names, once its token has opened it, and how to come by its bytes again.

1. The token is verified for the directory that the path names, which is an asset's or a running order of several, and
   says with the query of a manifest what of it may be had (`origin.admission`).
2. The descriptors are looked up (`origin.descriptors`), unless one of the assets is withdrawn (`origin.withdrawals`).
3. The file is resolved in it (`origin.resources`), and takes its protected form where the path names a scheme
   (`origin.protected`). Manifests are remembered (`origin.rendered`).

An image is public and has no descriptor; it is read as a whole instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from edge.token import Grant
from origin import admission, resources, responses
from origin.bodies import Bodies, Bytes
from origin.errors import MethodNotAllowed
from origin.exchange import Again, Request
from origin.layout import asset_directory
from origin.presentation import Track
from origin.protected import Protected
from origin.protection.scheme import Scheme
from origin.rendered import Rendered
from origin.resources import Media, Resource
from origin.routes import Header, HlsKey, ImageRoute, License, Manifest, MediaSegment, PresentationRoute, Route
from origin.running_order import Place, directory
from origin.withdrawals import Assets


class Found(NamedTuple):
    """What a path names, and how to come by its bytes again."""

    resource: Resource
    again: Again | None = None


class Lookup:
    """Finds files of one store; `keys` are token secrets by key id, `clock` gives Unix seconds."""

    def __init__(
        self,
        *,
        store: Bytes,
        descriptors: Assets,
        protected: Protected,
        keys: Mapping[str, bytes],
        manifest_max_age_s: int,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._bodies = Bodies(store)
        self._descriptors = descriptors
        self._protected = protected
        self._keys = keys
        self._manifest_max_age_s = manifest_max_age_s
        self._clock = clock
        self._rendered = Rendered()

    async def find(self, route: Route | ImageRoute | PresentationRoute, request: Request) -> Found:
        """Raises OriginError."""
        match route:
            case ImageRoute():
                return Found(await self._image(route))
            case PresentationRoute():
                return Found(await self._presented(route, request))
            case Route():
                return await self._authorised(route, request)

    async def license(self, route: Route, body: bytes) -> bytes:
        """The keys that the body asks for, to whoever may have the asset's protected media. Raises OriginError."""
        self._admitted(route.token, asset_directory(route.asset_id), protected=True)
        asset = await self._descriptors.get(route.asset_id, route.revision)
        return await self._protected.license(asset, body)

    async def _image(self, route: ImageRoute) -> Resource:
        content = await self._store.image(route.image_id, route.size_px, route.image_format)
        return resources.image(content, route.image_format)

    async def _authorised(self, route: Route, request: Request) -> Found:
        grant = self._admitted(route.token, asset_directory(route.asset_id), protected=route.is_protected)
        asset, file = await self._descriptors.get(route.asset_id, route.revision), route.file
        if isinstance(file, License):
            raise MethodNotAllowed
        if isinstance(file, HlsKey):
            return Found(await self._protected.key(asset, file))
        keyring = None if route.scheme is None else await self._protected.keyring(asset, route.scheme)
        selection, coding = admission.selection(grant, file, request.query), responses.coding_for(request.headers)
        resolve = partial(
            resources.resolve,
            asset,
            file,
            selection=selection,
            manifest_max_age_s=self._manifest_max_age_s,
            coding=coding,
            signalling=None if keyring is None else keyring.signalling,
        )
        if isinstance(file, Manifest):
            key = (route.asset_id, route.revision, route.scheme, file, selection.left_of(asset), coding)
            return self._again(route, self._rendered.get(key, resolve), partial(self._rendered.held, key))
        resource = resolve()
        if keyring is not None and isinstance(file, Header | MediaSegment):
            read = partial(self._bodies.content, left=request.left)
            resource = await self._protected.encrypted(resource, asset, file, keyring, read=read)
        if isinstance(resource.body, Media):
            return self._again(route, resource, partial(self._bodies.held, resource.body))
        return self._again(route, resource, partial(self._protected.held, resource.etag))

    def _again(self, route: Route, resource: Resource, held: Again) -> Found:
        """With the way to what is held, which is closed while it is not known that the asset may be had."""

        def again() -> bytes | None:
            return None if self._descriptors.held(route.asset_id, route.revision) is None else held()

        return Found(resource, again)

    async def _presented(self, route: PresentationRoute, request: Request) -> Resource:
        """A manifest of several tracks, once its token has opened all of them."""
        grant = self._admitted(route.token, directory(route.order), protected=route.scheme is not None)
        tracks = await asyncio.gather(*(self._track(place, grant, route.scheme) for place in route.order))
        selection, coding = admission.selection(grant, route.file, request.query), responses.coding_for(request.headers)
        write = partial(
            resources.presented,
            tracks,
            route.file,
            selection=selection,
            max_age_s=self._manifest_max_age_s,
            coding=coding,
        )
        left = tuple(selection.left_of(track.asset) for track in tracks)
        return self._rendered.get((grant, route.scheme, route.file, left, coding), write)

    async def _track(self, place: Place, grant: Grant, scheme: Scheme | None) -> Track:
        asset = await self._descriptors.get(*place)
        keyring = None if scheme is None else await self._protected.keyring(asset, scheme)
        return Track(
            asset=asset,
            base=admission.way_to(asset, grant, scheme=scheme, keys=self._keys),
            signalling=None if keyring is None else keyring.signalling,
        )

    def _admitted(self, text: str, scope: str, *, protected: bool) -> Grant:
        return admission.admitted(text, directory=scope, protected=protected, keys=self._keys, now_s=int(self._clock()))
