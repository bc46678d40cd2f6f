/**
 * Where a model comes from: the one embedded in the jar, a folder in Hugging Face layout, or a
 * Hugging Face hub. Gives a folder with files; what is in them is for {@code model} and {@code
 * tokenizer} to read.
 *
 * <p>{@code ModelHub} fetches a model by id and revision, and lists what the cache holds. Behind it
 * {@code HubClient} speaks the hub's protocol, {@code CachedRepository} knows the layout of the
 * cache, which is Hugging Face's own, and {@code BlobDownload} brings one content into it: resumed,
 * verified, complete or not at all. {@code HubFailures} and {@code CacheFailures} say what went
 * wrong.
 */
package io.github.gpt2server.hub;
