/**
 * Access control: API keys, their file, CORS and trusted proxies. The only package that touches
 * Spring Security.
 */
package io.github.gpt2server.web.security;
