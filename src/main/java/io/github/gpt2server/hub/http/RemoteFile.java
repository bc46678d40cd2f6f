package io.github.gpt2server.hub.http;

/**
 * A file as a hub describes it.
 *
 * @param name its path in the repository
 * @param etag identifies the content: the SHA-256 of a file in large file storage, the SHA-1 of the
 *     git blob of any other
 * @param size in bytes, -1 if unknown
 */
public record RemoteFile(String name, String etag, long size) {}
