/**
 * Spring configuration: which beans there are, and which setting each of them gets. No logic of
 * their own.
 */
package io.github.gpt2server.boot.wiring;
