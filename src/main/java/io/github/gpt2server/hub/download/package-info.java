/**
 * Downloads into the cache, resumed and verified, and their progress. A file is there completely or
 * not at all.
 */
package io.github.gpt2server.hub.download;
