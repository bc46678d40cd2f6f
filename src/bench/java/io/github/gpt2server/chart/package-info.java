/** Draws what benchmarks and drills measured, as SVG. Knows nothing of what the numbers mean. */
package io.github.gpt2server.chart;
