/**
 * The playground in a real browser: what a person sees and what the server sees of them. The page
 * is driven through {@link io.github.gpt2server.page.PlaygroundPage} alone, which takes any base
 * URL.
 */
package io.github.gpt2server.page;
