"""Every field of every object: whether everybody may read it who sees the object, and who may if not everybody.

A type is in one of two tables. `PUBLIC` has those that are met by anybody, with each of their fields that is not in
`PRIVATE`. `BEHIND` has those that nobody meets but by a private field, or in the answer of a mutation or a
subscription, which have rows of their own (`tests.graph.access.test_access`): all of their fields are as private as
these doors.
"""

from typing import NamedTuple

from graphql import GraphQLNamedType, GraphQLObjectType, GraphQLSchema, get_named_type, is_abstract_type

OWNER = frozenset({"artist", "admin"})


class Private(NamedTuple):
    """Who is told a field of an object of the world; others read null, or an empty page."""

    told: frozenset[str]
    subject: str
    arguments: str = ""


def own(subject: str = "user", *, by: str = "listener", arguments: str = "") -> Private:
    """A field that an account alone reads of itself."""
    return Private(frozenset({by}), subject, arguments)


PUBLIC: dict[str, str] = {
    "Album": "id image title releaseDate type state liveAt musicbrainzReleaseId viewerHasSaved artist loudness"
    " genres tracks",
    "AlbumLoudness": "integratedLufs loudnessRangeLu maxMomentaryLufs maxShortTermLufs samplePeakDbfs truePeakDbtp"
    " gainDb",
    "Artist": "id image name biography links viewerIsFollowing albums tracks popularTracks",
    "ArtistLink": "title url",
    "ChartEdge": "place",
    "Credit": "role name artist",
    "Genre": "id name albums tracks",
    "Image": "id status failure width height color placeholder files file srcset",
    "ImageFile": "size width height format mediaType url",
    "IngestFailure": "code message",
    "LyricLine": "startMs text",
    "Playlist": "id image name description public revision createdAt updatedAt viewerIsFollowing owner entries",
    "PlaylistEntry": "id position addedAt addedBy obstacle track playlist",
    "PopularTrackEdge": "plays",
    "ShareLink": "slug url node",
    "Track": "id image title isrc discNumber trackNumber explicit durationMs withdrawnAt integratedLufs truePeakDbtp"
    " musicbrainzRecordingId lyrics syncedLyrics waveform viewerHasLiked artist album loudness genres credits",
    "TrackLoudness": "integratedLufs monoIntegratedLufs loudnessRangeLu maxMomentaryLufs maxShortTermLufs"
    " samplePeakDbfs truePeakDbtp gainDb albumOffsetDb",
    "User": "id displayName role viewerIsFollowing playlists",
}
"""What everybody may read who sees the object; fields of edges and connections beside those that all of them have."""

PRIVATE: dict[str, dict[str, Private]] = {
    "Track": {name: Private(OWNER, "track") for name in ("ingest", "qualityWarnings", "proposal", "licences")},
    "User": {
        **{
            name: own()
            for name in ("email", "market", "library", "listening", "listeningPrivate", "following", "changes")
        },
        "artists": own("publisher", by="artist"),
        "upload": own("publisher", by="artist", arguments='(sha256: "{sent}")'),
        "trackByFingerprint": own("publisher", by="artist", arguments='(pcmSha256: "{audio}")'),
    },
}

BEHIND = frozenset(
    """
    GaplessPlayback GaplessTrack Header ImageUpload IngestState Library LibraryChange LibraryChanges Licence Listening
    NowPlaying PlayResult Playback Proposal ProposedTags QualityWarning RejectedTrack Session Upload UploadPart
    UploadThroughApi UpsertedTrack UserError WholeFile
    AlbumLibraryEdge ArtistLibraryEdge ArtistTopEdge PlayEdge PlaylistLibraryEdge TrackLibraryEdge TrackTopEdge
    UserLibraryEdge
    """.split()  # noqa: SIM905 -- 32 quoted strings would fill a page
)

PAGED = {"edges", "pageInfo", "totalCount", "cursor", "node", "nodes"}
"""Of every connection and every edge; what they lead to is what is asked about."""


def objects(schema: GraphQLSchema) -> dict[str, GraphQLObjectType]:
    """The types that have data: neither roots, nor payloads, nor those of pages with nothing of their own."""
    roots = {schema.query_type, schema.mutation_type, schema.subscription_type}
    return {
        name: kind
        for name, kind in schema.type_map.items()
        if isinstance(kind, GraphQLObjectType)
        and kind not in roots
        and not name.startswith("__")
        and not name.endswith("Payload")
        and name != "PageInfo"
        and (set(kind.fields) - PAGED or not name.endswith(("Connection", "Edge")))
    }


def doors(schema: GraphQLSchema, target: str) -> set[str]:
    """The fields by which a type is met, through the pages that hold it; of a payload the type alone."""
    found: set[str] = set()
    for name, kind in schema.type_map.items():
        if not isinstance(kind, GraphQLObjectType) or name.startswith("__"):
            continue
        for field, asked in kind.fields.items():
            if _is_met(schema, get_named_type(asked.type), schema.type_map[target]):
                is_page = name.endswith(("Connection", "Edge")) and field in PAGED
                found |= doors(schema, name) if is_page else {name if name.endswith("Payload") else f"{name}.{field}"}
    return found


def _is_met(schema: GraphQLSchema, answered: GraphQLNamedType, target: GraphQLNamedType) -> bool:
    if is_abstract_type(answered) and isinstance(target, GraphQLObjectType):
        return schema.is_sub_type(answered, target)
    return answered is target
