/**
 * The speed of the server, measured through HTTP against the bare model step in the same run. No
 * test: started by hand, on a machine that does nothing else; the README says how.
 */
package io.github.gpt2server.bench;
