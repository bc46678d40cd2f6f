/** What commands share to write: tables, reports for people and programs, progress. */
package io.github.gpt2server.cli.console;
