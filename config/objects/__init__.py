"""The object store: S3, behind the few verbs that the processes use."""

from config.objects.client import open_store
from config.objects.records import ListedObject, MultipartUpload, ObjectInfo, Part, PresignedPut
from config.objects.store import ObjectStore

__all__ = [
    "ListedObject",
    "MultipartUpload",
    "ObjectInfo",
    "ObjectStore",
    "Part",
    "PresignedPut",
    "open_store",
]
