/**
 * The composition root: the only packages that see everything, and that no other package imports.
 * Here settings become plain arguments of the parts that are built from them.
 */
package io.github.gpt2server.boot;
