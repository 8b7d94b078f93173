package dev.weir.backends;

/** What may be done with a request that failed. */
enum CallKind {
    /** Changes nothing on the backend: it may be repeated on another target while nothing has reached the client. */
    INFERENCE,
    /** May change something: it is repeated only when nothing was sent. Its body is streamed. */
    RELAY
}
