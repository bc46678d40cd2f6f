/**
 * Drills: what goes wrong in operation, done to a real server process on this machine. They take
 * minutes and run only when asked for: {@code mvn verify -Pdrills}. Each asserts what must hold and
 * leaves its figures in {@code target/drills/drills.md}, of which {@code docs/drills.md} is a copy.
 */
package io.github.gpt2server.drills;
