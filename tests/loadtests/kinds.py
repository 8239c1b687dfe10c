"""What a listener of the load test asks for, as Locust names it in its table."""

KINDS = {
    "graphql: signUp",
    "graphql: signIn",
    "graphql: search",
    "graphql: startPlayback",
    "graphql: reportPlayback",
    "origin: master playlist",
    "origin: media playlist",
    "origin: header",
    "origin: segment",
}
