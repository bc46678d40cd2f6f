/**
 * README and {@code docs}: their links, their diagram of packages and the requests that they show,
 * compared with the files, the code and a running server.
 */
package io.github.gpt2server.documents;
