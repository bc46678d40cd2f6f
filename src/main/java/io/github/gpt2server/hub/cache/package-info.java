/** The cache on disk, in huggingface_hub's layout, so that Python programs can share it. */
package io.github.gpt2server.hub.cache;
