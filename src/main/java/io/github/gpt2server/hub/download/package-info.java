/** Downloads into the cache: resumed, verified, complete or not at all; with their progress. */
package io.github.gpt2server.hub.download;
