/** Probes and Spring Boot's health indicators. */
package io.github.gpt2server.ops.health;
