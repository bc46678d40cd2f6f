/**
 * Draft tokens: prompt lookup and draft model propose them, acceptance rates and measured step
 * costs decide how many a step verifies. Changes when tokens come, never which.
 */
package io.github.gpt2server.engine.speculation;
