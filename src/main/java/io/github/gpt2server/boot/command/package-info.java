/**
 * Runs the jar's commands ({@code evaluate}, {@code download} and the others) with the same
 * settings as the server, without a web server. The commands themselves are in {@code cli}.
 */
package io.github.gpt2server.boot.command;
