"""The venue as a client sees it: wire types, signing, order connections, REST, the stream."""
