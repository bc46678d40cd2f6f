/** The cache on disk, in the layout of Hugging Face's own, so that both can share it. */
package io.github.gpt2server.hub.cache;
