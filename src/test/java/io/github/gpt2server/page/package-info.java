/**
 * The playground in a real browser: what a person sees and what the server sees of them. The page
 * is driven through {@link io.github.gpt2server.page.PlaygroundPage} alone, on servers whose
 * answers are scripted and on the real one with the embedded model. Swagger UI is looked at too.
 */
package io.github.gpt2server.page;
