/**
 * One HTTP exchange from its first byte to its end: what metrics, access log and spans report, and
 * the filter that reports it to them.
 */
package io.github.gpt2server.ops.exchange;
