/**
 * The settings of {@code gpt2.*}, as Spring Boot binds them, and the checks of their names and
 * values that run before anything else. Other packages of {@code boot} read them; no package
 * outside does.
 */
package io.github.gpt2server.boot.settings;
